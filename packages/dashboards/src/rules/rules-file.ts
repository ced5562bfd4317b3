import { stringify } from 'yaml';
import { badCodes } from '../blame.ts';
import { alerts, conditionOf } from './alerts.ts';

/** Windows of the recorded ratios: short ones show that errors continue, long ones that they matter. */
const windows = ['5m', '30m', '1h', '6h'];

/** Share of requests that fail for reasons other than their client; 0 while none has failed. */
const badShare = (window: string): string =>
  `(sum(rate(sluice_request_errors_total{code=~"${badCodes}"}[${window}])) or vector(0)) / (sum(rate(sluice_requests_total[${window}])) > 0)`;

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
      runbook: `docs/runbooks/${alert.runbook}.md`,
    },
  }));
  const groups = [
    { name: 'sluice-objectives', interval: '30s', rules: recorded },
    { name: 'sluice-alerts', rules: watched },
  ];
  return `# Made by npm run generate -w @sluice/dashboards.\n${stringify({ groups }, { lineWidth: 0 })}`;
}
