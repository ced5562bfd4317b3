import type { Framing } from '@sluice/protocol';

/** The way in which the body of a 2xx answer is read. */
export type Reading = { readonly kind: 'stream'; readonly framing: Framing } | { readonly kind: 'whole' };

export interface FramingFacts {
  /** The framing of this provider's streams. */
  readonly own: Framing;
  /** The provider was asked for a stream. */
  readonly asksStream: boolean;
  readonly contentType: string | undefined;
}

const eventStream = /text\/event-stream|application\/octet-stream/i;
const streamTypes = {
  sse: eventStream,
  'sse-unterminated': eventStream,
  'sse-lines': eventStream,
  ndjson: /ndjson|jsonl|application\/octet-stream/i,
} as const satisfies Record<Framing, RegExp>;

/** A field of a server-sent event, or a comment. */
const sseField = /^(?:data|event|id|retry)?:/;
const fieldNames = ['data:', 'event:', 'id:', 'retry:'];
/** Characters that may stand before an answer: a byte order mark, blanks, NULs. */
const leading = /^[\uFEFF\s\0]+/;
/** Length in characters; a longer first line makes the body a whole answer. */
const longestFirstLine = 64 * 1024;

/**
 * Decides from the beginning of a body how to read it. Returns undefined if it needs more text. The bytes take precedence
 * over the content type: servers send streams as `application/json`, whole answers to requests for a stream, and streams
 * to requests for a whole answer.
 *
 * @param isEnd no more text follows
 */
export function decideReading(facts: FramingFacts, text: string, isEnd: boolean): Reading | undefined {
  const { own, asksStream, contentType } = facts;
  const isLabelled = contentType === undefined ? asksStream : streamTypes[own].test(contentType);
  const stream = { kind: 'stream', framing: own } as const;
  const start = text.replace(leading, '');
  if (start === '') {
    if (!isEnd) return undefined;
    return isLabelled && asksStream ? stream : whole;
  }
  if (sseField.test(start)) return own === 'ndjson' ? { kind: 'stream', framing: 'sse' } : stream;
  if (!isEnd && fieldNames.some((name) => name.startsWith(start))) return undefined;
  if (own === 'ndjson') return isLabelled && asksStream ? stream : decideLines(start, asksStream, isEnd);
  // Bare JSON is an event of `sse-unterminated`; elsewhere it is a whole answer.
  const isBare = start.startsWith('{') && own !== 'sse-unterminated';
  if (isLabelled && asksStream && !isBare) return stream;
  return isEnd && twoLines.test(start) ? { kind: 'stream', framing: 'ndjson' } : whole;
}

const whole = { kind: 'whole' } as const;
/** Two objects, each on a line of its own. */
const twoLines = /^\{[^\n]*\}[ \t\r]*\n\s*\{/;

/** JSON lines under another content type: their first line is JSON by itself, and more follows it. */
function decideLines(start: string, asksStream: boolean, isEnd: boolean): Reading | undefined {
  const lineEnd = start.indexOf('\n');
  if (lineEnd < 0) return isEnd || start.length > longestFirstLine ? whole : undefined;
  if (!isJsonObject(start.slice(0, lineEnd))) return whole;
  if (asksStream || start.slice(lineEnd).trim() !== '') return { kind: 'stream', framing: 'ndjson' };
  return isEnd ? whole : undefined;
}

function isJsonObject(text: string): boolean {
  if (!text.startsWith('{')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const terminator = '[DONE]';

/** Removes what servers add around a whole answer: a byte order mark, NULs, `[DONE]`, `data: [DONE]`. */
export function withoutTerminator(text: string): string {
  let end = text.length;
  for (;;) {
    while (end > 0 && isFiller(text.charCodeAt(end - 1))) end--;
    if (text.endsWith(terminator, end) && end > terminator.length) {
      end -= terminator.length;
      while (end > 0 && isFiller(text.charCodeAt(end - 1))) end--;
      if (text.endsWith('data:', end)) end -= 'data:'.length;
    } else {
      break;
    }
  }
  const start = leading.exec(text)?.[0].length ?? 0;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

/** White space, NUL, other control characters, a byte order mark, a semicolon. */
const isFiller = (code: number): boolean => code <= 0x20 || code === 0xfeff || code === 0x3b;
