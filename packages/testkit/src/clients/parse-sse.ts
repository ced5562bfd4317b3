/** One event of a stream, as the HTML standard's parser dispatches it. */
export interface SseEvent {
  /** The last `id:` seen so far in the stream; empty without one. */
  readonly id: string;
  /** Value of the `event:` line; `message` without one. */
  readonly type: string;
  /** The `data:` lines joined by line feeds. */
  readonly data: string;
}

/** The content of a text in `text/event-stream` format. */
export interface SseContent {
  readonly events: readonly SseEvent[];
  /** Comment lines without their colon: ` ping` of `: ping`. */
  readonly comments: readonly string[];
  /** Values of the `retry:` fields, in milliseconds, as text. */
  readonly retries: readonly string[];
  /** Lines of an unfinished last event, without comments. Empty in a whole stream. */
  readonly rest: string;
}

/** Parses a stream exactly by the standard (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export function parseSse(text: string): SseContent {
  const events: SseEvent[] = [];
  const comments: string[] = [];
  const retries: string[] = [];
  let id = '';
  let type = '';
  let data: string[] = [];
  let pending: string[] = [];

  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  const unended = lines.pop() ?? '';
  for (const line of lines) {
    if (line === '') {
      if (data.length > 0) events.push({ id, type: type === '' ? 'message' : type, data: data.join('\n') });
      type = '';
      data = [];
      pending = [];
      continue;
    }
    if (line.startsWith(':')) {
      comments.push(line.slice(1));
      continue;
    }
    pending.push(line);
    const { name, value } = toField(line);
    if (name === 'data') data.push(value);
    else if (name === 'event') type = value;
    else if (name === 'id') id = value;
    else if (name === 'retry') retries.push(value);
  }
  return { events, comments, retries, rest: [...pending, unended].join('\n') };
}

function toField(line: string): { name: string; value: string } {
  const colon = line.indexOf(':');
  if (colon < 0) return { name: line, value: '' };
  const value = line.slice(colon + 1);
  return { name: line.slice(0, colon), value: value.startsWith(' ') ? value.slice(1) : value };
}
