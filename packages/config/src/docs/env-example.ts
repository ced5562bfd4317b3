import { variables } from '../environment.ts';
import { withoutLinks } from './markdown.ts';

const head = `# The environment of Sluice, with its defaults or an example. docs/configuration.md says more.
# Copied to .env in this folder, it is read by npm start, npm run ingress and the other commands; the real environment wins.`;

const openTelemetry = `# OpenTelemetry's own variables work too. Without an exporter nothing is exported.
# OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318`;

/** The text of `.env.example`: each variable with its meaning, commented out. */
export function envExample(): string {
  const parts = Object.entries(variables).flatMap(([name, { meaning, example }]) =>
    example === undefined ? [] : `# ${withoutLinks(meaning).replaceAll('`', '')}\n# ${name}=${example}`,
  );
  return [head, ...parts, openTelemetry].join('\n\n').concat('\n');
}
