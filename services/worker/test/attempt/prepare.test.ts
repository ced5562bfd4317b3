import type { UpstreamRequest } from '@sluice/protocol';
import { type Preparation, type ProviderAdapter, providers } from '@sluice/providers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { prepare, type PrepareOptions, type PrepareResult } from '../../src/attempt/prepare.ts';
import { createFakeUpstream } from '../fake-upstream.ts';
import { planWith } from '../scene.ts';

const plan = planWith();
const to = (path: string): UpstreamRequest => ({ method: 'POST', url: `http://u/${path}`, headers: {}, body: '{}' });

/** Opens a chat, waits a while, asks for its state; closes the chat if it is left before that. */
function* openChat(): Preparation {
  const opened = yield { kind: 'call', request: to('open') };
  if (opened.head.status !== 200) return { kind: 'failed', failure: { kind: 'server', message: opened.text } };
  let isReady = false;
  try {
    yield { kind: 'wait', ms: 1000 };
    const state = yield { kind: 'call', request: to('state') };
    isReady = true;
    return { kind: 'ready', notes: { chat: opened.text, state: state.text } };
  } finally {
    if (!isReady) yield { kind: 'tell', request: to('close') };
  }
}

function start(over: Partial<PrepareOptions> = {}) {
  const upstream = createFakeUpstream();
  const controller = new AbortController();
  const adapter: ProviderAdapter = { ...providers.openai.create({}), prepare: openChat };
  let result: PrepareResult | undefined;
  void prepare({
    client: upstream,
    adapter,
    body: {},
    plan,
    signal: controller.signal,
    stepMs: 500,
    remainingMs: 60_000,
    maxBodyBytes: 100,
    ...over,
  }).then((settled) => (result = settled));
  return {
    upstream,
    controller,
    paths: () => upstream.requests.map(({ url }) => new URL(url).pathname),
    answer(text: string, status = 200) {
      upstream.head(status, 'application/json');
      upstream.text(text);
      upstream.end();
      return vi.advanceTimersByTimeAsync(0);
    },
    async settled() {
      await vi.advanceTimersByTimeAsync(0);
      return result;
    },
  };
}

describe('prepare', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('makes no call for a provider without preparation', async () => {
    const { upstream, settled } = start({ adapter: providers.openai.create({}) });
    expect(await settled()).toEqual({ kind: 'ready', body: {}, plan });
    expect(upstream.requests).toEqual([]);
  });

  it('takes the steps and passes their results on', async () => {
    const { answer, paths, settled } = start();
    await answer('chat-1');
    expect(await settled()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(999);
    expect(paths()).toEqual(['/open']);
    await vi.advanceTimersByTimeAsync(1);
    expect(paths()).toEqual(['/open', '/state']);
    await answer('done');
    expect(await settled()).toEqual({
      kind: 'ready',
      body: {},
      plan: { ...plan, notes: { chat: 'chat-1', state: 'done' } },
    });
  });

  it('ends with the failure that the provider reports', async () => {
    const { answer, settled } = start();
    await answer('no', 503);
    expect(await settled()).toEqual({ kind: 'failed', failure: { kind: 'server', message: 'no' } });
  });

  it.each<[string, (s: ReturnType<typeof start>) => unknown, string]>([
    ['a broken connection', ({ upstream }) => upstream.fail({ kind: 'network', message: 'reset' }), 'network'],
    ['silence', () => vi.advanceTimersByTimeAsync(500), 'timeout'],
    ['an answer without end', ({ upstream }) => (upstream.head(), upstream.text('x'.repeat(101))), 'malformed'],
  ])('fails on %s', async (_what, happen, kind) => {
    const scene = start();
    await happen(scene);
    expect(await scene.settled()).toMatchObject({ kind: 'failed', failure: { kind } });
  });

  it('fails when the deadline comes between two steps', async () => {
    const { answer, paths, settled } = start({ remainingMs: 700 });
    await answer('chat-1');
    await vi.advanceTimersByTimeAsync(700);
    expect(await settled()).toMatchObject({ failure: { kind: 'timeout' } });
    expect(paths()).toEqual(['/open', '/close']);
  });

  it('does not wait for the answer to a message, and ignores its failure', async () => {
    function* say(): Preparation {
      yield { kind: 'tell', request: to('bye') };
      return { kind: 'failed', failure: { kind: 'unexpected', message: 'no chat' } };
    }
    const { paths, settled } = start({ adapter: { ...providers.openai.create({}), prepare: say } });
    expect(await settled()).toEqual({ kind: 'failed', failure: { kind: 'unexpected', message: 'no chat' } });
    expect(paths()).toEqual(['/bye']);
  });

  it('stops when the request is cancelled, and sends the last message to the provider', async () => {
    const { answer, controller, paths, settled } = start();
    await answer('chat-1');
    controller.abort('cancelled');
    expect(await settled()).toEqual({ kind: 'aborted' });
    expect(paths()).toEqual(['/open', '/close']);
  });
});
