import { openaiClient, OpenAiError } from '@sluice/testkit';

export interface StreamLoad {
  /** Base URL, including `/v1`. */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly model: string;
  /** Number of tokens in a complete answer of the model. */
  readonly tokens: number;
}

/** Outcomes of the streams of a load. */
export interface StreamTally {
  readonly complete: number;
  /** Fault of each incomplete stream: its time, and the error with status and cause, or the missing text. */
  readonly broken: readonly string[];
}

/**
 * Streams of OpenAI's own client; a new one replaces each that ends. The client repeats a request that is refused before
 * its answer begins, as by default: a draining ingress answers 503 to a new request on an old connection. Broken streams
 * are counted.
 */
export interface OpenStreams {
  readonly open: number;
  readonly tally: StreamTally;
  /** Opens no further streams, and resolves when the last one has ended. */
  finish(): Promise<StreamTally>;
}

/** Keeps `count` streams open. Each token contains its stream and number, which shows lost, doubled and foreign tokens. */
export function keepStreams(load: StreamLoad, count: number): OpenStreams {
  let isFinishing = false;
  let open = 0;
  let next = 0;
  let complete = 0;
  const broken: string[] = [];
  const startedAt = performance.now();

  async function one(): Promise<void> {
    const stream: Progress = { id: `s${next++}`, startedAt: performance.now(), tokens: 0 };
    open++;
    const fault = await readStream(load, stream).catch(faultOf);
    open--;
    if (fault === undefined) {
      complete++;
      return;
    }
    const seconds = (from: number): string => ((performance.now() - from) / 1000).toFixed(1);
    const at = `${stream.id}, ${seconds(startedAt)} s into the load, ${seconds(stream.startedAt)} s after it was asked for`;
    broken.push(`${at}, with ${stream.tokens} tokens read: ${fault}`);
    process.stderr.write(`stream broken: ${broken.at(-1)}\n`);
  }

  async function lane(): Promise<void> {
    while (!isFinishing) await one();
  }

  const lanes = Array.from({ length: count }, lane);
  return {
    get open() {
      return open;
    },
    get tally() {
      return { complete, broken };
    },
    async finish() {
      isFinishing = true;
      await Promise.all(lanes);
      return { complete, broken };
    },
  };
}

interface Progress {
  readonly id: string;
  /** Time on the clock of `performance`. */
  readonly startedAt: number;
  tokens: number;
}

/** Describes an error: status, code and request id of the gateway, and its cause if there was no answer. */
function faultOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isAnswered = error instanceof OpenAiError && error.status !== undefined;
  const facts = isAnswered ? `${error.code} of request ${error.requestID}: ` : '';
  const cause = error.cause === undefined ? '' : `, because of ${faultOf(error.cause)}`;
  return `${error.name}: ${facts}${error.message}${cause}`;
}

/** Reads a stream; returns its fault, if it has one. */
async function readStream(load: StreamLoad, progress: Progress): Promise<string | undefined> {
  const { baseUrl, apiKey, model, tokens } = load;
  const { id } = progress;
  const client = openaiClient({ baseUrl, apiKey, maxRetries: 2 });
  const stream = await client.chat.completions.create({
    model,
    stream: true,
    messages: [{ role: 'user', content: `Count. rid=${id}` }],
  });
  let text = '';
  let finish: string | null = null;
  for await (const { choices } of stream) {
    const content = choices[0]?.delta.content ?? '';
    if (content !== '') progress.tokens++;
    text += content;
    finish = choices[0]?.finish_reason ?? finish;
  }
  if (finish !== 'stop') return `ended with ${finish}`;
  const expected = Array.from({ length: tokens }, (_, index) => `${id}.${index}`);
  const got = text.trim().split(' ');
  return got.join(' ') === expected.join(' ')
    ? undefined
    : `has ${got.length} tokens of ${tokens}: …${text.slice(-60)}`;
}
