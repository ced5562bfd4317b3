export interface ReadyFacts {
  readonly baseUrl: string;
  /** Undefined when the configuration holds only hashes of keys. */
  readonly apiKey: string | undefined;
  /** A model that answers. */
  readonly model: string;
  readonly redis: string;
  /** Pages with Prometheus metrics. */
  readonly metrics: readonly string[];
  readonly logs: string;
}

/** The facts a newcomer needs once everything runs. The command is one line, so that it can be copied from anywhere. */
export function readyBlock({ baseUrl, apiKey, model, redis, metrics, logs }: ReadyFacts): string {
  const body = { model, stream: true, messages: [{ role: 'user', content: 'Tell me a story.' }] };
  const authorization =
    apiKey === undefined ? '"Authorization: Bearer $SLUICE_API_KEY"' : shellQuote(`Authorization: Bearer ${apiKey}`);
  const curl = [
    'curl -N',
    shellQuote(`${baseUrl}/chat/completions`),
    `-H ${authorization}`,
    `-H ${shellQuote('Content-Type: application/json')}`,
    `-d ${shellQuote(JSON.stringify(body))}`,
  ].join(' ');
  return [
    '',
    'Sluice is ready.',
    '',
    `  Base URL  ${baseUrl}`,
    `  API key   ${apiKey ?? 'one of those in your configuration, which holds only their hashes'}`,
    `  Redis     ${redis}`,
    `  Metrics   ${metrics.join(', ')}`,
    `  Logs      ${logs}`,
    '',
    `Stream an answer from the model ${model}:`,
    '',
    curl,
    '',
    'Ctrl-C stops it all.',
    '',
  ].join('\n');
}

/** The text as one word of a POSIX shell; bare where nothing in it needs quotes. */
function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
