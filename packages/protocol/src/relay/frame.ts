/**
 * Frames are what processes put into each other's mailboxes. A mailbox entry carries a batch of them as one text:
 *
 *     REQUEST_ID EPOCH SEQ KIND LENGTH\n DATA   (repeated; LENGTH counts UTF-16 units of DATA)
 *
 * and not as JSON, because the data of most frames is itself JSON text: nesting it would escape and unescape every
 * quote of every token. Lengths survive the trip through UTF-8, because a lone surrogate becomes one U+FFFD unit.
 */

/**
 * Kinds of frames. `started` to `disclaims` travel worker → ingress, `admitted` and `displaced` Redis script → ingress,
 * the rest ingress → worker. `probe` asks a worker whether it has this run; `holds` and `disclaims` are its answers,
 * which come after every frame of the run that the worker sent before.
 */
const frameKinds = [
  'started',
  'answered',
  'data',
  'end',
  'retry',
  'error',
  'holds',
  'disclaims',
  'admitted',
  'displaced',
  'cancel',
  'pause',
  'resume',
  'probe',
] as const;
export type FrameKind = (typeof frameKinds)[number];

export interface Frame {
  readonly requestId: string;
  /** The run of the request that this belongs to: 1 is the first; a re-run counts up, and older epochs are dropped. */
  readonly epoch: number;
  /** Counts from 0 within an epoch, without gaps, for what a run itself sends; 0 elsewhere. */
  readonly seq: number;
  readonly kind: FrameKind;
  /** For `data` the text for the client as it is: SSE events, or one whole JSON body. Else JSON, or empty. */
  readonly data: string;
}

/** A mailbox entry that is not a batch of frames. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** Request ids: 1 to 128 characters that need no escaping in keys, headers, job ids or frames. */
export const requestIdPattern = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;

const kinds: ReadonlySet<string> = new Set(frameKinds);

export function encodeFrame(frame: Frame): string {
  return `${frame.requestId} ${frame.epoch} ${frame.seq} ${frame.kind} ${frame.data.length}\n${frame.data}`;
}

/**
 * Reads a batch back.
 * @throws FrameError when the text is not a batch; the reader then knows only that something was lost.
 */
export function decodeFrames(batch: string): Frame[] {
  const frames: Frame[] = [];
  let at = 0;
  while (at < batch.length) {
    const headEnd = batch.indexOf('\n', at);
    if (headEnd < 0) throw new FrameError('a frame head without its end');
    const [requestId, epoch, seq, kind, length, ...rest] = batch.slice(at, headEnd).split(' ');
    const size = toCount(length);
    const dataEnd = headEnd + 1 + size;
    if (rest.length > 0 || !isRequestId(requestId) || !isKind(kind)) throw new FrameError('an unknown frame head');
    if (dataEnd > batch.length) throw new FrameError('a frame that is shorter than its head says');
    frames.push({ requestId, epoch: toCount(epoch), seq: toCount(seq), kind, data: batch.slice(headEnd + 1, dataEnd) });
    at = dataEnd;
  }
  return frames;
}

function isKind(text: string | undefined): text is FrameKind {
  return text !== undefined && kinds.has(text);
}

function isRequestId(text: string | undefined): text is string {
  return text !== undefined && requestIdPattern.test(text);
}

function toCount(text: string | undefined): number {
  if (text === undefined || !/^\d{1,15}$/.test(text)) throw new FrameError('a frame head without a count');
  return Number(text);
}
