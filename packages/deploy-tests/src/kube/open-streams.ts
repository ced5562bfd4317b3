import { openaiClient } from '@sluice/testkit';

export interface StreamLoad {
  /** With `/v1`. */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly model: string;
  /** Tokens that a whole answer of the model has. */
  readonly tokens: number;
}

/** Outcomes of the streams of a load. */
export interface StreamTally {
  readonly complete: number;
  /** Fault of each stream that was not whole: an error, or what its text lacked. */
  readonly broken: readonly string[];
}

/**
 * Streams by OpenAI's own client, a new one for each that ends. The client repeats what is refused before its answer begins, as
 * it does by default: a draining ingress answers 503 to a new request on an old connection. A stream that breaks shows.
 */
export interface OpenStreams {
  readonly open: number;
  readonly tally: StreamTally;
  /** Opens no more, and resolves when the last one has ended. */
  finish(): Promise<StreamTally>;
}

/** Keeps `count` streams open. Each token names its stream and its number, so that lost, doubled and foreign ones show. */
export function keepStreams(load: StreamLoad, count: number): OpenStreams {
  let isFinishing = false;
  let open = 0;
  let next = 0;
  let complete = 0;
  const broken: string[] = [];

  async function one(): Promise<void> {
    const id = `s${next++}`;
    open++;
    try {
      const fault = await readStream(load, id);
      if (fault === undefined) complete++;
      else broken.push(`${id}: ${fault}`);
    } catch (error) {
      broken.push(`${id}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      open--;
    }
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

/** Returns what is wrong with a stream, if anything is. */
async function readStream({ baseUrl, apiKey, model, tokens }: StreamLoad, id: string): Promise<string | undefined> {
  const client = openaiClient({ baseUrl, apiKey, maxRetries: 2 });
  const stream = await client.chat.completions.create({
    model,
    stream: true,
    messages: [{ role: 'user', content: `Count. rid=${id}` }],
  });
  let text = '';
  let finish: string | null = null;
  for await (const { choices } of stream) {
    text += choices[0]?.delta.content ?? '';
    finish = choices[0]?.finish_reason ?? finish;
  }
  if (finish !== 'stop') return `ended with ${finish}`;
  const expected = Array.from({ length: tokens }, (_, index) => `${id}.${index}`);
  const got = text.trim().split(' ');
  return got.join(' ') === expected.join(' ')
    ? undefined
    : `has ${got.length} tokens of ${tokens}: …${text.slice(-60)}`;
}
