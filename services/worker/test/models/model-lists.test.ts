import { loadConfig } from '@sluice/config';
import type { UpstreamFailure } from '@sluice/protocol';
import type { CallListener } from '@sluice/upstream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createModelLists } from '../../src/models/model-lists.ts';
import type { CallClient } from '../../src/targets/upstream-clients.ts';

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

interface Answer {
  readonly status?: number;
  readonly body: object;
}

const listOf = (...ids: readonly string[]): Answer => ({ body: { data: ids.map((id) => ({ id })) } });

/** A worker with one upstream of two keys, with a given answer for each key. */
function setUp(answers: Record<string, Answer>) {
  const config = loadConfig({
    env: {},
    cwd: '/srv',
    readFile: () =>
      JSON.stringify({
        keys: [{ name: 'a', key: 'sk-any-key-0001' }],
        upstreams: [{ id: 'up', type: 'openai', base_url: 'https://a.example/v1', credentials: credentials() }],
        models: [{ id: '*', targets: [{ upstream: 'up' }] }],
      }),
  });
  const asked: string[] = [];
  const told: (readonly string[])[] = [];
  const failures: UpstreamFailure[] = [];
  const errors: unknown[] = [];
  const isWanted = vi.fn<() => Promise<boolean>>(() => Promise.resolve(true));
  const mayAsk = vi.fn<() => Promise<boolean>>(() => Promise.resolve(true));
  const client: CallClient = {
    tell: () => undefined,
    call({ headers }, listener: CallListener) {
      const key = String(headers['authorization']).replace('Bearer ', '');
      asked.push(key);
      const { status = 200, body } = answers[key] ?? { status: 404, body: {} };
      queueMicrotask(() => {
        listener.onHead({ status, headers: {}, receivedAt: 0 });
        listener.onText(JSON.stringify(body));
        listener.onEnd();
      });
      return { abort: () => undefined, pause: () => undefined, resume: () => undefined };
    },
  };
  const lists = createModelLists({
    config,
    lists: {
      isWanted,
      mayAsk,
      told: (_upstream, names) => Promise.resolve(void told.push(names)),
      failed: () => Promise.resolve(),
    },
    clientOf: () => client,
    tokens: undefined,
    maxBodyBytes: 1_000_000,
    onAsked: () => undefined,
    onFailed: (_id, failure) => failures.push(failure),
    onError: (error) => errors.push(error),
    now: () => Date.now(),
  });
  /** Resolves when the upstream was asked this many times more. */
  async function askTimes(times: number): Promise<void> {
    const before = asked.length;
    while (asked.length < before + times) await vi.advanceTimersByTimeAsync(500);
    await vi.advanceTimersByTimeAsync(0);
  }
  return { lists, asked, told, failures, errors, isWanted, mayAsk, answers, askTimes };
}

const credentials = () => ['key-one-0001', 'key-two-0002'].map((key) => ({ id: key.slice(0, 7), api_key: key }));

describe('the list of models of an upstream', () => {
  it('is asked for with the same credential as long as that is not refused', async () => {
    const { lists, asked, told, askTimes } = setUp({ 'key-one-0001': listOf('a'), 'key-two-0002': listOf('b') });
    lists.start();
    await askTimes(3);
    await lists.close();
    expect(asked).toEqual(['key-one-0001', 'key-one-0001', 'key-one-0001']);
    expect(told).toEqual([['a'], ['a'], ['a']]);
  });

  it.each([401, 403, 429])('is asked for with the next credential where this one gets %i', async (status) => {
    const { lists, asked, told, askTimes } = setUp({
      'key-one-0001': { status, body: { error: { message: 'no' } } },
      'key-two-0002': listOf('b'),
    });
    lists.start();
    await askTimes(3);
    await lists.close();
    expect(asked).toEqual(['key-one-0001', 'key-two-0002', 'key-two-0002']);
    expect(told).toEqual([['b'], ['b']]);
  });

  it('is asked for with the same credential where the provider fails', async () => {
    const { lists, asked, askTimes } = setUp({ 'key-one-0001': { status: 503, body: {} } });
    lists.start();
    await askTimes(2);
    await lists.close();
    expect(asked).toEqual(['key-one-0001', 'key-one-0001']);
  });

  it('is unchanged if the provider suddenly lists nothing', async () => {
    const { lists, told, failures, answers, askTimes } = setUp({ 'key-one-0001': listOf('a') });
    lists.start();
    await askTimes(1);
    answers['key-one-0001'] = listOf();
    await askTimes(1);
    await lists.close();
    expect(told).toEqual([['a']]);
    expect(failures.map(({ message }) => message)).toEqual(["The provider's list of models is empty."]);
  });

  it.each(['isWanted', 'mayAsk'] as const)('is not asked for where the worker stops during %s', async (step) => {
    const scene = setUp({ 'key-one-0001': listOf('a') });
    const answer = Promise.withResolvers<boolean>();
    scene[step].mockReturnValue(answer.promise);
    scene.lists.start();
    await vi.advanceTimersByTimeAsync(500);
    expect(scene[step]).toHaveBeenCalledOnce();
    const closed = scene.lists.close();
    answer.resolve(true);
    await closed;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(scene.asked).toEqual([]);
    expect(scene.mayAsk).toHaveBeenCalledTimes(step === 'mayAsk' ? 1 : 0);
    expect(scene.errors).toEqual([]);
  });
});
