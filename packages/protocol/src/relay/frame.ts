/**
 * Frames are the messages that processes put into each other's mailboxes. A mailbox entry carries a batch of frames as
 * one text:
 *
 *     REQUEST_ID EPOCH SEQ KIND LENGTH\n DATA   (repeated; LENGTH counts UTF-16 units of DATA)
 *
 * The batch is not JSON, because the data of most frames is itself JSON text: nesting it would escape and unescape
 * every quote of every token. Lengths survive the conversion to UTF-8, because a lone surrogate becomes one U+FFFD
 * unit.
 */

/**
 * Kinds of frames. `started` to `disclaims` travel worker → ingress, `admitted` and `displaced` Redis script → ingress,
 * the others ingress → worker. `probe` asks a worker whether it has this run; the answer `holds` or `disclaims` follows
 * every frame of the run that the worker sent before.
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
  /** Run of the request, from 1; each further run has the next number. Frames of older epochs are dropped. */
  readonly epoch: number;
  /** Sequence number within an epoch, from 0 and without gaps, for frames that the run itself sends; 0 otherwise. */
  readonly seq: number;
  readonly kind: FrameKind;
  /** For `data`, the unchanged text for the client: SSE events, or one whole JSON body. Otherwise JSON, or empty. */
  readonly data: string;
}

/** Error: a mailbox entry is not a batch of frames. */
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
 * Decodes a batch.
 * @throws FrameError if the text is not a batch; the reader then knows only that frames were lost.
 */
export function decodeFrames(batch: string): Frame[] {
  const frames: Frame[] = [];
  let at = 0;
  while (at < batch.length) {
    const headEnd = batch.indexOf('\n', at);
    if (headEnd < 0) throw new FrameError('a frame head without an end');
    // Without `split`, which would make a list and five texts for each token of an answer.
    const idEnd = batch.indexOf(' ', at);
    const epochEnd = batch.indexOf(' ', idEnd + 1);
    const seqEnd = batch.indexOf(' ', epochEnd + 1);
    const kindEnd = batch.indexOf(' ', seqEnd + 1);
    if (idEnd < 0 || epochEnd < 0 || seqEnd < 0 || kindEnd < 0 || kindEnd > headEnd) {
      throw new FrameError('an unknown frame head');
    }
    const epoch = countIn(batch, idEnd + 1, epochEnd);
    const seq = countIn(batch, epochEnd + 1, seqEnd);
    const dataEnd = headEnd + 1 + countIn(batch, kindEnd + 1, headEnd);
    const requestId = batch.slice(at, idEnd);
    const kind = batch.slice(seqEnd + 1, kindEnd);
    if (!requestIdPattern.test(requestId) || !isKind(kind)) throw new FrameError('an unknown frame head');
    if (dataEnd > batch.length) throw new FrameError('a frame shorter than the length in its head');
    frames.push({ requestId, epoch, seq, kind, data: batch.slice(headEnd + 1, dataEnd) });
    at = dataEnd;
  }
  return frames;
}

function isKind(text: string): text is FrameKind {
  return kinds.has(text);
}

const mostDigits = 15;

/** Reads the decimal digits between two positions of a batch. */
function countIn(batch: string, from: number, to: number): number {
  if (to <= from || to - from > mostDigits) throw new FrameError('a frame head without a count');
  let count = 0;
  for (let at = from; at < to; at++) {
    const digit = batch.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) throw new FrameError('a frame head without a count');
    count = count * 10 + digit;
  }
  return count;
}
