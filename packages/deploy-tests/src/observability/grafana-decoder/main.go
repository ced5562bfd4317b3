// Decodes dashboards with Grafana's own types, strictly: a field that Grafana does not know is an error, in the queries of
// known data sources too.
package main

import (
	"fmt"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	plugins.RegisterDefaultPlugins()
	failed := false
	for _, file := range os.Args[1:] {
		if problem := check(file); problem != "" {
			fmt.Printf("%s: %s\n", file, problem)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

// The SDK returns errors without a text where there is none.
func check(file string) string {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	var decoded dashboard.Dashboard
	if err := decoded.UnmarshalJSONStrict(raw); err != nil && err.Error() != "" {
		return err.Error()
	}
	if err := decoded.Validate(); err != nil && err.Error() != "" {
		return err.Error()
	}
	return ""
}
