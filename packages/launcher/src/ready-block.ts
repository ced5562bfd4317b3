export interface ReadyFacts {
  readonly baseUrl: string;
  /** True if other machines can reach the ingress too. */
  readonly isOnEveryAddress: boolean;
  readonly key: ShownKey;
  /** A model for the sample request; undefined when the configuration has only globs. */
  readonly model: string | undefined;
  readonly redis: string;
  /** The database for the records, or the reason why there is none. */
  readonly database: string;
  /** URLs of Prometheus metrics. */
  readonly metrics: readonly string[];
  /** The log folder, and `log.file` if set. */
  readonly logs: readonly string[];
}

/** The key that clients send. */
export type ShownKey =
  | { readonly kind: 'plain'; readonly text: string }
  /** The configuration holds only hashes of keys. */
  | { readonly kind: 'hashed' }
  /** Clients need no key. */
  | { readonly kind: 'none' };

/** The block that `npm start` prints when everything runs. The curl command is one line, so that it is easy to copy. */
export function readyBlock({
  baseUrl,
  isOnEveryAddress,
  key,
  model,
  redis,
  database,
  metrics,
  logs,
}: ReadyFacts): string {
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
    `  Database  ${database}`,
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

/** Returns the text as one word of a POSIX shell, quoted only if necessary. */
function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
