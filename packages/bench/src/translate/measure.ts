import { createEventReader } from '@sluice/providers';
import type { Capture } from './captures.ts';

/** Typical size of one read from a socket, in characters. */
const pieceLength = 16_384;

/** The result of one pass over a stream. */
export interface Pass {
  readonly events: number;
  /** Bytes for the client. */
  readonly bytes: number;
}

/** Reads and translates a stream, as a worker does. */
export function translate({ adapter, body, plan, text }: Capture): Pass {
  const translator = adapter.translateStream(body, plan);
  const pass = read(text, adapter.framing, (event) => translator.push(event));
  const rest = translator.end();
  if (translator.state.kind !== 'complete')
    throw new Error(`${adapter.type}: the stream ended as ${translator.state.kind}`);
  return { ...pass, bytes: pass.bytes + rest.length };
}

/** Reads a stream and frames its events again: the minimum cost of any translation. */
export function passThrough({ adapter, text }: Capture): Pass {
  return read(text, adapter.framing, ({ data }) => `data: ${data}\n\n`);
}

type Framing = Capture['adapter']['framing'];
type Give = (event: Parameters<ReturnType<Capture['adapter']['translateStream']>['push']>[0]) => string;

function read(text: string, framing: Framing, give: Give): Pass {
  let events = 0;
  let output = '';
  let bytes = 0;
  const reader = createEventReader(framing, {
    maxEventLength: 1_000_000,
    onEvent(event) {
      events++;
      output += give(event);
    },
  });
  for (let at = 0; at < text.length; at += pieceLength) {
    reader.feed(text.slice(at, at + pieceLength));
    // A worker writes bytes; the conversion also makes V8 join the concatenated string.
    bytes += Buffer.from(output).length;
    output = '';
  }
  reader.end();
  return { events, bytes: bytes + output.length };
}

/** Returns events per second on one core, measured over `durationMs`. */
export function rateOf(pass: () => Pass, durationMs: number): number {
  const beganAt = performance.now();
  let events = 0;
  let elapsedMs = 0;
  while (elapsedMs < durationMs) {
    events += pass().events;
    elapsedMs = performance.now() - beganAt;
  }
  return (events / elapsedMs) * 1000;
}
