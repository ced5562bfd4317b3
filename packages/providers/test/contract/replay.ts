import type { AnswerSummary, CallPlan, ProviderAdapter } from '@sluice/providers';
import { createChunkCollector, createEventReader, decideReading, toChunks, withoutTerminator } from '@sluice/providers';
import type { ChatBody, UpstreamFailure } from '@sluice/protocol';
import { plan as planOf } from '../plan.ts';
import { type Chunk, type Completion, readChunk, readCompletion } from './openai-objects.ts';
import type { Recording } from './recording.ts';

/** The end of a replayed answer. */
type Result =
  | { readonly kind: 'complete'; readonly events: number; readonly summary: AnswerSummary }
  | { readonly kind: 'failed'; readonly events: number; readonly failure: UpstreamFailure };

/** The answer that a client gets. */
export interface Replayed {
  /** `events` counts the provider's events that gave the client something. */
  readonly result: Result;
  /** Chunks of a stream. */
  readonly chunks: readonly Chunk[];
  /** A whole answer. */
  readonly completion: Completion | undefined;
}

export interface ReplayOptions {
  readonly adapter: ProviderAdapter;
  readonly recording: Recording;
  readonly body?: ChatBody;
  readonly plan?: Partial<CallPlan>;
  /** The client wants a stream. Default: true for a recorded stream. */
  readonly stream?: boolean;
  /** The positions at which the body is cut, in bytes. Default: nowhere. */
  readonly cuts?: readonly number[];
}

/**
 * Reads a recording as a worker does, without a socket: decodes the pieces, detects the framing, splits the events and
 * translates them.
 * @throws Error if a chunk or the whole answer does not conform to OpenAI's document
 */
export function replay({ adapter, recording, body = {}, plan, cuts = [], ...rest }: ReplayOptions): Replayed {
  const isStreamWanted = rest.stream ?? !recording.name.endsWith('.json');
  const fullPlan = planOf({ model: 'asked-for', stream: isStreamWanted, ...plan });
  const asked = { ...(isStreamWanted ? { stream_options: { include_usage: true } } : {}), ...body };
  const read = readAnswer({ adapter, recording, cuts, plan: fullPlan, body: asked });
  if (isStreamWanted) {
    const sse = read.sse === '' && read.whole !== undefined ? toChunks(read.whole, asked) : read.sse;
    return { result: read.result, chunks: dataOf(sse).map(readChunk), completion: undefined };
  }
  if (read.result.kind === 'failed') return { result: read.result, chunks: [], completion: undefined };
  const whole = read.whole ?? collected(read.sse, read.result.summary);
  return { result: read.result, chunks: [], completion: readCompletion(whole) };
}

interface Reading {
  readonly adapter: ProviderAdapter;
  readonly recording: Recording;
  readonly cuts: readonly number[];
  readonly plan: CallPlan;
  readonly body: ChatBody;
}

/** The translated answer: events, or one text if the provider sent a whole answer. */
interface Read {
  readonly result: Result;
  readonly sse: string;
  readonly whole: string | undefined;
}

function readAnswer(reading: Reading): Read {
  const { adapter, recording, cuts, plan } = reading;
  const { status, contentType } = recording;
  const { pieces, isTorn } = textsOf(recording.body, cuts);
  if (status < 200 || status >= 300) {
    const head = { status, headers: { 'content-type': contentType }, receivedAt: 0 };
    return failed(adapter.toFailure(head, pieces.join('')));
  }
  const facts = { own: adapter.framing, asksStream: plan.stream, contentType };
  let begun = '';
  for (const [at, piece] of pieces.entries()) {
    begun += piece;
    const decided = decideReading(facts, begun, false);
    if (decided?.kind === 'whole') break;
    if (decided !== undefined)
      return readStream(reading, decided.framing, { pieces: [begun, ...pieces.slice(at + 1)], isTorn });
  }
  const text = pieces.join('');
  const atEnd = decideReading(facts, text, true);
  if (atEnd?.kind === 'stream') return readStream(reading, atEnd.framing, { pieces: [text], isTorn });
  return isTorn ? failed(notText) : readWhole(reading, text);
}

function readWhole({ adapter, body, plan }: Reading, text: string): Read {
  const translated = adapter.translateWhole(withoutTerminator(text), body, plan);
  if (translated.kind === 'failed') return failed(translated.failure);
  return {
    result: { kind: 'complete', events: 1, summary: translated.summary },
    sse: '',
    whole: translated.text,
  };
}

function readStream(
  { adapter, body, plan }: Reading,
  framing: ProviderAdapter['framing'],
  { pieces, isTorn }: Texts,
): Read {
  const translator = adapter.translateStream(body, plan);
  const given: string[] = [];
  const take = (text: string): void => void (text === '' ? undefined : given.push(text));
  const reader = createEventReader(framing, {
    maxEventLength: 1_000_000,
    onEvent: (event) => take(translator.push(event)),
  });
  const isOpen = (): boolean => translator.state.kind === 'open';
  for (const piece of pieces) {
    if (isOpen()) reader.feed(piece);
  }
  if (isOpen() && isTorn) {
    return {
      result: { kind: 'failed', events: given.length, failure: notText },
      sse: given.join(''),
      whole: undefined,
    };
  }
  if (isOpen()) {
    reader.end();
    take(translator.end());
  }
  const { state } = translator;
  const sse = given.join('');
  if (state.kind !== 'complete') {
    const failure = state.kind === 'failed' ? state.failure : noEnd;
    return { result: { kind: 'failed', events: given.length, failure }, sse, whole: undefined };
  }
  return { result: { ...state, events: given.length }, sse, whole: undefined };
}

const noEnd: UpstreamFailure = { kind: 'unexpected', message: 'The translator did not end its answer.' };

const notText: UpstreamFailure = { kind: 'malformed', message: 'The body ends inside a character.' };

const failed = (failure: UpstreamFailure): Read => ({
  result: { kind: 'failed', events: 0, failure },
  sse: '',
  whole: undefined,
});

function collected(sse: string, { usage }: AnswerSummary): string {
  const collector = createChunkCollector();
  collector.add(sse);
  return collector.toCompletion(usage);
}

/** The text of a body. */
interface Texts {
  readonly pieces: readonly string[];
  /** The body ends inside a character. The upstream client reports a failure then. */
  readonly isTorn: boolean;
}

/** Cuts a body and decodes its pieces, as the upstream client does. */
function textsOf(body: Buffer, cuts: readonly number[]): Texts {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const bounds = [0, ...cuts.filter((at) => at > 0 && at < body.length), body.length];
  const pieces = bounds.slice(1).map((end, at) => decoder.decode(body.subarray(bounds[at], end), { stream: true }));
  try {
    decoder.decode();
    return { pieces, isTorn: false };
  } catch {
    return { pieces, isTorn: true };
  }
}

/** Numbers in [0, length) for `cuts`, the same for the same seed. */
export function randomCuts(length: number, seed: number): readonly number[] {
  const cuts: number[] = [];
  let state = seed;
  for (let at = 0; at < length;) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    at += 1 + (state % 97);
    cuts.push(at);
  }
  return cuts;
}

function dataOf(sse: string): readonly string[] {
  return sse
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) =>
      event
        .split('\n')
        .map((line) => line.replace(/^data: /, ''))
        .join('\n'),
    );
}
