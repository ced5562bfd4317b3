import { variables } from '../environment.ts';
import { withoutLinks } from './markdown.ts';

const head = `# The environment variables of Sluice, with defaults or examples. docs/configuration.md describes them.
# npm start, npm run ingress and the other commands read a copy of this file named .env; the real environment wins.`;

const openTelemetry = `# OpenTelemetry's own variables work too. Without an exporter nothing is exported.
# OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318`;

/** Returns the text of `.env.example`: each variable with its meaning, commented out. */
export function envExample(): string {
  const parts = Object.entries(variables).flatMap(([name, { meaning, example }]) =>
    example === undefined ? [] : `# ${withoutLinks(meaning).replaceAll('`', '')}\n# ${name}=${example}`,
  );
  return [head, ...parts, openTelemetry].join('\n\n').concat('\n');
}
