/** Maximum number of names: each multiplies the series of some metrics. */
const maxLabels = 100;

/** Returns the names of client keys that get their own series in the metrics: the first ones of the configuration. */
export const keyLabels = (keys: readonly { readonly name: string }[]): string[] =>
  [...new Set(keys.map(({ name }) => name))].slice(0, maxLabels);
