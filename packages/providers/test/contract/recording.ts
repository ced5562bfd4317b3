import { readdirSync, readFileSync } from 'node:fs';

/** A recorded answer of a real provider. */
export interface Recording {
  /** As in `openai/chat-tools.json`. */
  readonly name: string;
  /** The body that the upstream sends. */
  readonly body: Buffer;
  readonly contentType: string;
  readonly status: number;
}

interface Meta {
  readonly status?: number;
  readonly responseHeaders?: Readonly<Record<string, string>>;
}

const folder = new URL('./recorded/', import.meta.url);

/** Names of all recordings, or of one provider's. */
export function recordingNames(provider?: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:sse|json|ndjson|jsonl)$/.test(name) && !name.endsWith('.meta.json'))
    .filter((name) => provider === undefined || name.startsWith(`${provider}/`))
    .sort();
}

/** Reads a recording. A recording without framing gets that of its provider. */
export function readRecording(name: string): Recording {
  const bytes = readFileSync(new URL(name, folder));
  const meta = readMeta(name);
  const isChunkList = name.endsWith('.chunks.jsonl');
  return {
    name,
    body: isChunkList ? Buffer.from(framed(bytes.toString('utf8'), name)) : bytes,
    contentType: contentTypeOf(name, meta),
    status: meta.status ?? 200,
  };
}

function readMeta(name: string): Meta {
  return JSON.parse(
    readFileSync(new URL(name.replace(/(?:\.chunks)?\.[a-z]+$/, '.meta.json'), folder), 'utf8'),
  ) as Meta;
}

function contentTypeOf(name: string, { responseHeaders = {} }: Meta): string {
  const recorded = Object.entries(responseHeaders).find(([header]) => header.toLowerCase() === 'content-type')?.[1];
  if (recorded !== undefined) return recorded;
  if (name.endsWith('.ndjson')) return 'application/x-ndjson';
  return name.endsWith('.json') ? 'application/json' : 'text/event-stream';
}

function framed(lines: string, name: string): string {
  const events = lines.split('\n').filter((line) => line.trim() !== '');
  if (name.startsWith('anthropic/')) {
    return events.map((line) => `event: ${(JSON.parse(line) as { type: string }).type}\ndata: ${line}\n\n`).join('');
  }
  const end = name.startsWith('gemini/') || name.startsWith('cohere/') ? '' : 'data: [DONE]\n\n';
  return events.map((line) => `data: ${line}\n\n`).join('') + end;
}
