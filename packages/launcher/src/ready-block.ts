export interface ReadyFacts {
  readonly baseUrl: string;
  /** Other machines reach it too. */
  readonly isOnEveryAddress: boolean;
  readonly key: ShownKey;
  /** A model that answers; undefined when the configuration has globs alone. */
  readonly model: string | undefined;
  readonly redis: string;
  /** Pages with Prometheus metrics. */
  readonly metrics: readonly string[];
  /** Folder and file. */
  readonly logs: readonly string[];
}

/** The key that clients send. */
export type ShownKey =
  | { readonly kind: 'plain'; readonly text: string }
  /** The configuration keeps nothing but hashes. */
  | { readonly kind: 'hashed' }
  /** Clients need none. */
  | { readonly kind: 'none' };

/** The facts a newcomer needs once everything runs. The command is one line, so that it can be copied from anywhere. */
export function readyBlock({ baseUrl, isOnEveryAddress, key, model, redis, metrics, logs }: ReadyFacts): string {
  const body = { model: model ?? 'MODEL', stream: true, messages: [{ role: 'user', content: 'Tell me a story.' }] };
  const curl = [
    'curl -N',
    shellQuote(`${baseUrl}/chat/completions`),
    ...authorization(key),
    `-H ${shellQuote('Content-Type: application/json')}`,
    `-d ${shellQuote(JSON.stringify(body))}`,
  ].join(' ');
  return [
    '',
    'Sluice is ready.',
    '',
    `  Base URL  ${baseUrl}${isOnEveryAddress ? ' (and at every other address of this machine)' : ''}`,
    `  API key   ${describeKey(key)}`,
    `  Redis     ${redis}`,
    `  Metrics   ${metrics.join(', ')}`,
    `  Logs      ${logs.join(', ')}`,
    '',
    model === undefined
      ? 'Stream an answer; put the name of one of your models in the place of MODEL:'
      : `Stream an answer from the model ${model}:`,
    '',
    curl,
    '',
    'Ctrl-C stops it all.',
    '',
  ].join('\n');
}

function describeKey(key: ShownKey): string {
  if (key.kind === 'plain') return key.text;
  if (key.kind === 'none') return 'none needed';
  return 'one of those in your configuration: put it into SLUICE_API_KEY for the command below';
}

function authorization(key: ShownKey): string[] {
  if (key.kind === 'none') return [];
  return key.kind === 'plain'
    ? [`-H ${shellQuote(`Authorization: Bearer ${key.text}`)}`]
    : ['-H "Authorization: Bearer $SLUICE_API_KEY"'];
}

/** The text as one word of a POSIX shell; bare where nothing in it needs quotes. */
function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
