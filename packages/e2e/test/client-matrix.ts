import { until } from '@sluice/testkit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAiSdk } from './clients/ai-sdk.ts';
import type { ChatClient, Connection } from './clients/client.ts';
import { createLangChain } from './clients/langchain.ts';
import { createOpenAiSdk } from './clients/openai-sdk.ts';
import { apiKey, type Sluice, startSluice } from './sluice.ts';
import { tokensOf } from './traffic.ts';

/** A provider that clients call through Sluice. */
export interface ClientMatrix {
  /** Provider type; also the id of its upstream. */
  readonly name: string;
  /** An account at the simulator, without its id. Each key begins with `tok-`. */
  readonly upstream: (simulatorUrl: string) => object;
  /** Name of a model with these directives of the simulator, as the provider knows it. Default: `demo-DIRECTIVES`. */
  readonly model?: (directives: string) => string;
  /** Members of every request, such as the switch that turns reasoning on. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Abilities to test; missing ones are not tested. */
  readonly can: {
    readonly tools?: boolean;
    readonly reasoning?: boolean;
    /** The image in a call to the provider: members of one object in its body. */
    readonly images?: (image: Image) => Readonly<Record<string, unknown>>;
  };
  /** Replaces the errors that most providers have. */
  readonly errors?: readonly ErrorCase[];
}

/** An image as clients send it. */
export interface Image {
  /** Data URL. */
  readonly url: string;
  readonly mediaType: 'image/png';
  readonly base64: string;
}

/** The provider's behaviour, the status that clients get, and the error class of OpenAI's SDK. */
export type ErrorCase = readonly [directive: string, status: number, className: string];

const commonErrors: readonly ErrorCase[] = [
  ['e400', 400, 'BadRequestError'],
  ['e404', 404, 'NotFoundError'],
  ['e429-rms5', 429, 'RateLimitError'],
  ['e503', 502, 'InternalServerError'],
];

const base64 = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const image: Image = { url: `data:image/png;base64,${base64}`, mediaType: 'image/png', base64 };

const clients: readonly (readonly [string, (connection: Connection) => ChatClient])[] = [
  ['the OpenAI SDK', createOpenAiSdk],
  ['the AI SDK', createAiSdk],
  ['LangChain', createLangChain],
];

/** Directives for the simulator, each of which makes a model of its own. */
const directives = ['t5', 't3', 't2', 'q2-t3', 't1000-i20'] as const;

/** Name of a model as clients write it. */
const modelOf = ({ name }: ClientMatrix, directive: string): string => `${name}-${directive}`;
const errorsOf = ({ errors = commonErrors }: ClientMatrix): readonly ErrorCase[] => errors;

/** Each error has its own upstream: cooldowns and open circuits must not affect the other tests. */
const upstreamsOf = (matrix: ClientMatrix): readonly string[] => [
  matrix.name,
  ...errorsOf(matrix).map(([directive]) => modelOf(matrix, directive)),
];

function modelsOf(matrix: ClientMatrix): readonly object[] {
  const { name, model = (directive) => `demo-${directive}` } = matrix;
  return [
    ...directives.map((directive) => ({
      id: modelOf(matrix, directive),
      targets: [{ upstream: name, model: model(directive) }],
    })),
    ...errorsOf(matrix).map(([directive]) => ({
      id: modelOf(matrix, directive),
      targets: [{ upstream: modelOf(matrix, directive), model: model(directive) }],
    })),
  ];
}

/** Tests that each provider passes with every client library, through one ingress, one worker and the simulator. */
export function describeClients(matrices: readonly ClientMatrix[]): void {
  let sluice: Sluice;
  beforeAll(async () => {
    sluice = await startSluice({
      ingresses: 1,
      workers: 1,
      config: (simulatorUrl) => ({
        retry: { max_attempts: 1, base_delay_ms: 5, max_delay_ms: 5, jitter: 0 },
        upstreams: matrices.flatMap((matrix) =>
          upstreamsOf(matrix).map((id) => ({ ...matrix.upstream(simulatorUrl), id })),
        ),
        models: matrices.flatMap(modelsOf),
      }),
    });
  });
  beforeEach(() => sluice.simulator.reset());

  describe.each(matrices)('the provider $name', (matrix) => {
    const { can } = matrix;
    const model = (directive: (typeof directives)[number]): string => modelOf(matrix, directive);
    describe.each(clients)('for %s', (_name, create) => {
      const client = (): ChatClient => create({ baseUrl: sluice.url(), apiKey, fields: matrix.fields ?? {} });

      it('gives a text', async () => {
        expect((await client().whole(model('t5'), 'rid=whole')).text).toBe(tokensOf('whole', 5));
      });

      it('gives a stream', async () => {
        expect((await client().stream(model('t5'), 'rid=stream')).text).toBe(tokensOf('stream', 5));
      });

      it.each(can.tools === true ? [model('t3')] : [])('makes a round trip with a tool (%s)', async (asked) => {
        const { input, text } = await client().useTool(asked, 'How is the weather? rid=tool');
        expect(input).toHaveProperty('city');
        expect(text).toBe(tokensOf('tool', 3));
      });

      it.each(can.images === undefined ? [] : [can.images(image)])('sends an image as %j', async (expected) => {
        expect((await client().show(model('t2'), image.url)).text).toMatch(/\w/);
        const calls = await sluice.simulator.calls();
        const sent = calls.flatMap(({ body }) => objectsIn(parse(body)));
        expect(sent).toContainEqual(expect.objectContaining(expected));
      });

      it.each(can.reasoning === true ? [model('q2-t3')] : [])(
        'tells the reasoning from the answer (%s)',
        async (asked) => {
          const expected = { text: tokensOf('think', 3), reasoning: expect.stringMatching(/^think0 think1 ?$/) };
          expect(await client().whole(asked, 'rid=think')).toEqual(expected);
          expect(await client().stream(asked, 'rid=think')).toEqual(expected);
        },
      );

      it.each(errorsOf(matrix))(
        'gets the failure of the provider as a status: %s is %i',
        async (directive, status, className) => {
          const failure = await client().failure(modelOf(matrix, directive));
          expect(failure?.status).toBe(status);
          // The other libraries have one class for all errors.
          if (create === createOpenAiSdk) expect(failure?.className).toBe(className);
        },
      );

      it('aborts the call to the provider when a client leaves in the middle of a stream', async () => {
        await client().leave(model('t1000-i20'), 'rid=leave');
        const [call] = await until(
          async () => {
            const aborted = (await sluice.simulator.calls()).filter(({ outcome }) => outcome === 'aborted');
            return aborted.length > 0 && aborted;
          },
          { what: 'the call to the provider to be aborted' },
        );
        expect(call?.tokensSent).toBeLessThan(1000);
      });
    });
  });
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Returns a value and all objects inside it. */
function objectsIn(value: unknown): readonly object[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...Object.values(value).flatMap(objectsIn)];
}
