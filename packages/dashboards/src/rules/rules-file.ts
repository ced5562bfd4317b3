import { stringify } from 'yaml';
import { badCodes } from '../blame.ts';
import { alerts, conditionOf } from './alerts.ts';

/** Windows of the recorded ratios: short ones show that errors continue, long ones that they matter. */
const windows = ['5m', '30m', '1h', '6h'];

/** Address of the runbooks. The same repository as `home` in the chart's Chart.yaml. */
const runbooks = 'https://github.com/sluice/sluice/blob/main/docs/runbooks';

/** Share of requests that fail for reasons other than their client, by fleet; 0 while none has failed. */
function badShare(window: string): string {
  const all = `sum by (namespace) (rate(sluice_requests_total[${window}]))`;
  const bad = `sum by (namespace) (rate(sluice_request_errors_total{code=~"${badCodes}"}[${window}]))`;
  return `(${bad} or 0 * ${all}) / (${all} > 0)`;
}

/** Returns the rules file of Prometheus. Helm puts the same groups into a PrometheusRule. */
export function rulesFile(): string {
  const recorded = windows.map((window) => ({
    record: `sluice:bad_requests:ratio_rate${window}`,
    expr: badShare(window),
  }));
  const watched = alerts.map((alert) => ({
    alert: alert.name,
    expr: conditionOf(alert),
    for: alert.for,
    labels: { severity: alert.severity, service: 'sluice' },
    annotations: {
      summary: alert.summary,
      description: alert.description,
      runbook_url: `${runbooks}/${alert.runbook}.md`,
    },
  }));
  const groups = [
    { name: 'sluice-objectives', interval: '30s', rules: recorded },
    { name: 'sluice-alerts', rules: watched },
  ];
  return `# Made by npm run generate -w @sluice/dashboards.\n${stringify({ groups }, { lineWidth: 0 })}`;
}
