import { until } from '@sluice/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { apiKey } from '../sluice.ts';
import { metric, openStream, post, readAnswer } from '../traffic.ts';
import { ofWorkers } from './measure.ts';
import { nest, pieces, type ProviderType, streamAnswer, types, wholeAnswer, wholeText } from './nested-answers.ts';
import { type RawAnswer, type RawCall, type RawProvider, startRawProvider } from './raw-provider.ts';
import { type Scene, startScene } from './scene.ts';

/** Far below the deadline of a request: an unreadable answer must end before that. */
const longestMs = 15_000;
const totalMs = 60_000;

const keys = { field: apiKey, strip: 'sk-test-strip-0001', think: 'sk-test-think-0001' } as const;
const reasoning = ['field', 'strip', 'think'] as const;

const deep = nest(10_000);
/** The provider's answers, by the first word of the model's name, for whole requests and streams alike. */
const answers: Readonly<Record<string, (type: ProviderType, call: RawCall) => RawAnswer>> = {
  unknownMember: (type, call) =>
    call.isStream
      ? streamAnswer(type, call, { unknownMember: deep, at: 1 })
      : { body: wholeAnswer(type, { unknownMember: deep }) },
  last: (type, call) =>
    call.isStream
      ? streamAnswer(type, call, { unknownMember: deep, at: pieces.length - 1 })
      : { body: wholeAnswer(type, { argument: deep }) },
  first: (type, call) =>
    call.isStream
      ? streamAnswer(type, call, { unknownMember: deep, at: 0 })
      : { body: wholeAnswer(type, { argument: nest(60) }) },
  // Whole answers to streaming requests and streams to whole requests are read too.
  swapped: (type, call) =>
    call.isStream
      ? { body: wholeAnswer(type, { unknownMember: deep, argument: deep }) }
      : streamAnswer(type, call, { unknownMember: deep, at: pieces.length - 1 }),
  bare: () => ({ body: nest(100_000) }),
  unclosed: () => ({ body: `{"choices":${'['.repeat(100_000)}` }),
  error400: () => ({ status: 400, body: `{"error":{"message":"x","details":${nest(100_000)}}}` }),
  error429: () => ({ status: 429, body: `{"error":${nest(100_000)}}` }),
  error500: () => ({ status: 500, body: nest(100_000) }),
  // An error in place of an answer.
  error200: () => ({ body: `{"error":{"message":"x","details":${nest(100_000)}}}` }),
  good: (type, call) => (call.isStream ? streamAnswer(type, call, { at: -1 }) : { body: wholeAnswer(type) }),
};

let scene: Scene;
let provider: RawProvider;
beforeAll(async () => {
  provider = await startRawProvider((call) => {
    const [, what = '', name] = /^(\w+)-(\w+)$/.exec(call.model) ?? [];
    const type = types.find((each) => each === name);
    const answer = answers[what];
    return type === undefined || answer === undefined ? { status: 404, body: '{}' } : answer(type, call);
  });
  const paths = { openai: '/v1', anthropic: '/v1', gemini: '/v1beta', ollama: '' };
  scene = await startScene({
    ingresses: 1,
    workers: 1,
    config: (simulatorUrl) => ({
      keys: reasoning.map((thinking) => ({ name: thinking, key: keys[thinking], thinking })),
      upstreams: [
        { id: 'sim', type: 'openai', base_url: `${simulatorUrl}/v1`, credentials: [{ id: 'a', api_key: 'tok-sim-a' }] },
        ...types.map((type) => ({
          id: type,
          type,
          base_url: provider.url + paths[type],
          ...(type === 'ollama' ? {} : { credentials: [{ id: 'a', api_key: `tok-${type}-a` }] }),
        })),
      ],
      models: [
        ...types.map((type) => ({ id: `*-${type}`, targets: [{ upstream: type }] })),
        { id: 'demo-*', targets: [{ upstream: 'sim' }] },
      ],
      retry: {
        max_attempts: 3,
        base_delay_ms: 5,
        max_delay_ms: 20,
        rate_limit_base_delay_ms: 5,
        rate_limit_max_delay_ms: 20,
      },
      timeouts: { total_ms: totalMs },
      circuit: { failures: 10_000 },
    }),
  });
});

interface Question {
  readonly model: string;
  readonly key: string;
}

/** The end of an answer for its client: all of its text, or an error with a code. */
type Ending = 'whole' | 'error' | object;

async function endOfWhole({ model, key }: Question): Promise<Ending> {
  const response = await post(scene, { model, key, signal: AbortSignal.timeout(longestMs) });
  const text = await response.text();
  const { choices, error } = JSON.parse(text) as {
    readonly choices?: readonly { readonly message?: { readonly content?: string } }[];
    readonly error?: { readonly code: unknown };
  };
  if (response.status !== 200) return typeof error?.code === 'string' ? 'error' : { text: text.slice(0, 300) };
  return choices?.[0]?.message?.content === wholeText ? 'whole' : { text: text.slice(0, 300) };
}

async function endOfStream({ model, key }: Question): Promise<Ending> {
  const answer = await openStream(scene, { model, key });
  const timer = setTimeout(() => void answer.leave(), longestMs);
  const end = await answer.finish();
  clearTimeout(timer);
  const { status, text: body } = answer;
  if (status !== 200) return body.includes('"code":"') ? 'error' : { status, body: body.slice(0, 300) };
  const { text, isDone, errorCode } = readAnswer(answer);
  if (errorCode !== undefined) return isDone || !wholeText.startsWith(text) ? { text, isDone, errorCode } : 'error';
  return isDone && text === wholeText ? 'whole' : { end, text, isDone };
}

describe('F51 an answer that makes an adapter throw', () => {
  const rows = types.flatMap((type) => Object.keys(answers).map((what) => [what, type] as const));
  it.each(rows)('%s at %s: ends soon, whole or as an error, for each kind of client', async (what, type) => {
    const model = `${what}-${type}`;
    const beganAt = performance.now();
    const endings = await Promise.all(
      reasoning.flatMap((thinking) => {
        const question = { model, key: keys[thinking] };
        return [endOfWhole(question), endOfStream(question)].map(async (ending) => [thinking, await ending] as const);
      }),
    );
    expect(endings.filter(([, ending]) => ending !== 'whole' && ending !== 'error')).toEqual([]);
    expect(performance.now() - beganAt).toBeLessThan(longestMs);
    if (what === 'good') expect(new Set(endings.map(([, ending]) => ending))).toEqual(new Set(['whole']));
    if (what.startsWith('error')) expect(new Set(endings.map(([, ending]) => ending))).toEqual(new Set(['error']));
  });

  it('leaves no lease taken, and no run and no call behind', async () => {
    const { managementUrl = '' } = scene.fleet.ingresses[0] ?? {};
    await until(async () => (await metric(managementUrl, 'sluice_leases_in_use')) === 0, {
      what: 'all leases to be free',
    });
    await until(async () => (await ofWorkers(scene, 'sluice_worker_active_jobs')).every((jobs) => jobs === 0), {
      what: 'all runs to be over',
    });
    await until(() => provider.open() === 0, { what: 'all calls to be closed' });
    await scene.expectInvariants();
    expect(provider.calls.length).toBeGreaterThan(rows.length);
  });
});
