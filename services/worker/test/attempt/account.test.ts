import type { UpstreamFailure } from '@sluice/protocol';
import { type ProviderType, providers } from '@sluice/providers';
import type { AttemptEntry } from '@sluice/records';
import { describe, expect, it, vi } from 'vitest';
import { createActiveRuns } from '../../src/consumer/active-runs.ts';
import type { AccountNeeds } from '../../src/attempt/account.ts';
import type { Spent } from '../../src/run/tally.ts';
import { createFakeUpstream, type FakeUpstream } from '../fake-upstream.ts';
import { chosenWith, claimedRunWith, jobWith, makeAttemptWith, seamsWith, targetWith } from '../scene.ts';

const micros = 1_000_000;
/**
 * A micro-dollar for each token of a prompt, two for each of an answer, and three for one that the cache keeps for an hour.
 */
const rates = { input: micros, output: 2 * micros, cacheWriteHour: 3 * micros };
const messages = [{ role: 'user' as const, content: 'x'.repeat(60) }];
const promptTokens = Math.ceil(JSON.stringify(messages).length / 4);

interface Scene {
  readonly type?: ProviderType;
  readonly stream?: boolean;
  readonly act: (upstream: FakeUpstream, abort: () => void) => void;
}

async function attempt({ type = 'openai', stream = true, act }: Scene) {
  const upstream = createFakeUpstream();
  const entries: AttemptEntry[] = [];
  const spent: Spent[] = [];
  const onCostDiffers = vi.fn<AccountNeeds['onCostDiffers']>();
  const makeAttempt = makeAttemptWith({
    client: upstream,
    attempts: { add: (entry) => void entries.push(entry) },
    pricing: { priceOf: () => ({ rates, source: 'config', isKnown: true }) },
    onCostDiffers,
  });
  const job = jobWith({ stream });
  const runs = createActiveRuns();
  const result = makeAttempt(
    claimedRunWith({ job, body: { messages }, active: runs.open(job) }),
    chosenWith({ stream, body: { messages }, number: 3, target: targetWith({ adapter: providers[type].create({}) }) }),
    seamsWith({ onSpent: (cost) => void spent.push(cost) }),
  );
  await vi.waitUntil(() => upstream.requests.length > 0, { interval: 1 });
  act(upstream, () => runs.abortAll('cancelled'));
  await result;
  return { entries, entry: entries[0], spent, onCostDiffers };
}

/** A provider's stream: its events, and the tokens that an abort after each of them costs. */
interface Script {
  readonly events: readonly string[];
  /** Prompt and answer; `~` marks an estimate. */
  readonly costs: readonly string[];
  readonly end?: (upstream: FakeUpstream) => void;
  readonly whole: string;
  readonly contentType?: string;
}

const sse = (data: object): string => `data: ${JSON.stringify(data)}\n\n`;
const named = (event: string, data: object): string => `event: ${event}\n${sse(data)}`;

const openaiChunk = (delta: object, more: object = {}): string =>
  sse({
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta, finish_reason: null }],
    usage: null,
    ...more,
  });
const openaiUsage = {
  prompt_tokens: 20,
  completion_tokens: 5,
  total_tokens: 25,
  prompt_tokens_details: { cached_tokens: 4 },
  completion_tokens_details: { reasoning_tokens: 2 },
};
const finish = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
const openai: Script = {
  events: [
    openaiChunk({ role: 'assistant', content: '' }),
    openaiChunk({ content: 'One ' }),
    openaiChunk({ content: 'two ' }),
    openaiChunk({ content: 'three.' }),
    openaiChunk({}, finish),
    openaiChunk({}, { choices: [], usage: openaiUsage }),
  ],
  costs: [`~${promptTokens}+0`, `~${promptTokens}+1`, `~${promptTokens}+2`, `~${promptTokens}+3`, `~${promptTokens}+3`],
  whole: JSON.stringify({
    id: 'c',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: 'One two three.' }, finish_reason: 'stop' }],
    usage: openaiUsage,
  }),
};

const anthropicDelta = (text: string): string =>
  named('content_block_delta', { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });
const anthropicUsage = { input_tokens: 16, cache_read_input_tokens: 4, cache_creation_input_tokens: 0 };
const anthropic: Script = {
  events: [
    named('message_start', {
      type: 'message_start',
      message: { id: 'c', model: 'm', usage: { ...anthropicUsage, output_tokens: 1 } },
    }),
    named('content_block_start', {
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'text', text: '' },
    }),
    anthropicDelta('One '),
    anthropicDelta('two three four five six seven. '),
    named('content_block_stop', { type: 'content_block_stop', index: 0 }),
    named('message_delta', {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn' },
      usage: { output_tokens: 5 },
    }),
    named('message_stop', { type: 'message_stop' }),
  ],
  // A line of 31 characters is some eight tokens.
  costs: ['~20+0', '~20+0', '~20+1', '~20+9', '~20+9', '20+5'],
  whole: JSON.stringify({
    id: 'c',
    model: 'm',
    content: [{ type: 'text', text: 'One two three.' }],
    stop_reason: 'end_turn',
    usage: { ...anthropicUsage, output_tokens: 5 },
  }),
};

const geminiEvent = (text: string, count: number, more: object = {}): string =>
  sse({
    candidates: [{ content: { parts: [{ text }] }, ...more }],
    usageMetadata: { promptTokenCount: 20, candidatesTokenCount: count, totalTokenCount: 20 + count },
  });
const gemini: Script = {
  events: [geminiEvent('One ', 1), geminiEvent('two three ', 4), geminiEvent('four.', 5, { finishReason: 'STOP' })],
  costs: ['~20+1', '~20+4'],
  end: (upstream) => upstream.end(),
  whole: JSON.stringify({
    candidates: [{ content: { parts: [{ text: 'One two three.' }] }, finishReason: 'STOP' }],
    usageMetadata: { promptTokenCount: 20, candidatesTokenCount: 5, totalTokenCount: 25 },
  }),
};

const ollamaLine = (content: string, more: object = {}): string =>
  `${JSON.stringify({ model: 'm', created_at: '2026-01-01T00:00:00Z', message: { role: 'assistant', content }, done: false, ...more })}\n`;
const ollamaEnd = { done: true, done_reason: 'stop', prompt_eval_count: 20, eval_count: 5 };
const ollama: Script = {
  events: [ollamaLine('One '), ollamaLine('two '), ollamaLine('', ollamaEnd)],
  costs: [`~${promptTokens}+1`, `~${promptTokens}+2`],
  whole: ollamaLine('One two three.', ollamaEnd),
  contentType: 'application/x-ndjson',
};

const zaiUsage = { prompt_tokens: 20, completion_tokens: 5, total_tokens: 25 };
const zaiChunk = (content: string, more: object = {}, usage?: object): string =>
  sse({ id: 'c', created: 1, model: 'm', choices: [{ index: 0, delta: { content }, ...more }], usage });
const zai: Script = {
  events: [zaiChunk('One '), zaiChunk('two '), zaiChunk('', { finish_reason: 'stop' }, zaiUsage)],
  costs: [`~${promptTokens}+1`, `~${promptTokens}+2`, '20+5'],
  end: (upstream) => upstream.text('data: [DONE]\n\n'),
  whole: JSON.stringify({
    id: 'c',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: 'One two three.' }, finish_reason: 'stop' }],
    usage: zaiUsage,
  }),
};

const scripts = { openai, anthropic, gemini, ollama, zai } as const satisfies Partial<Record<ProviderType, Script>>;
const types = Object.keys(scripts) as (keyof typeof scripts)[];

function toText(entry: AttemptEntry | undefined): string {
  if (entry === undefined) return 'nothing';
  const { fresh, cacheRead, cacheWrite, output, reasoning } = entry.tokens;
  return `${entry.estimated ? '~' : ''}${fresh + cacheRead + cacheWrite}+${output + reasoning}`;
}

function play(upstream: FakeUpstream, { events, contentType }: Script, count = events.length): void {
  upstream.head(200, contentType);
  for (const event of events.slice(0, count)) upstream.text(event);
}

describe.each(types)('a call of %s', (type) => {
  const script: Script = scripts[type];

  it('costs what the provider told, streamed and whole', async () => {
    const streamed = await attempt({
      type,
      act(upstream) {
        play(upstream, script);
        (script.end ?? ((each) => each.end()))(upstream);
      },
    });
    expect(toText(streamed.entry)).toBe('20+5');
    expect(streamed.spent).toEqual([{ costMicros: 30, isEstimated: false }]);
    const whole = await attempt({
      type,
      stream: false,
      act(upstream) {
        upstream.head(200, 'application/json');
        upstream.text(script.whole);
        upstream.end();
      },
    });
    expect(toText(whole.entry)).toBe('20+5');
    for (const { entries } of [streamed, whole]) {
      expect(entries).toHaveLength(1);
      expect(entries[0]).toMatchObject({ id: 'r.1.3', outcome: 'complete', status: 200, costMicros: 30 });
    }
  });

  it.each(script.costs.map((cost, at) => [at + 1, cost] as const))(
    'aborted after %i events costs %s',
    async (count, cost) => {
      const { entries, entry } = await attempt({
        type,
        act(upstream, abort) {
          play(upstream, script, count);
          abort();
        },
      });
      expect(entries).toHaveLength(1);
      expect(entry?.outcome).toBe('aborted');
      expect(toText(entry)).toBe(cost);
    },
  );

  it('costs its prompt, by estimate, if it is aborted before the answer', async () => {
    const { entry } = await attempt({ type, act: (_upstream, abort) => abort() });
    expect(toText(entry)).toBe(`~${promptTokens}+0`);
  });

  it('costs nothing if it is refused', async () => {
    const { entries, spent } = await attempt({
      type,
      act(upstream) {
        upstream.head(429, 'application/json');
        upstream.text('{"error":{"message":"too many"}}');
        upstream.end();
      },
    });
    expect(entries).toMatchObject([
      { outcome: 'failed', status: 429, failureKind: 'rate_limit', costMicros: 0, estimated: false },
    ]);
    expect(spent).toEqual([{ costMicros: 0, isEstimated: false }]);
  });
});

describe('a call that fails', () => {
  const reset: UpstreamFailure = { kind: 'network', message: 'reset' };

  it('costs nothing without a connection', async () => {
    const { entry } = await attempt({ act: (upstream) => upstream.fail(reset) });
    expect(entry).toMatchObject({ outcome: 'failed', failureKind: 'network' });
    expect(toText(entry)).toBe('0+0');
  });

  it('costs what has arrived before the connection broke', async () => {
    const { entry } = await attempt({
      act(upstream) {
        play(upstream, openai, 3);
        upstream.fail(reset, true);
      },
    });
    expect(toText(entry)).toBe(`~${promptTokens}+2`);
  });

  it('costs nothing if the provider reports an error before its answer, and what has arrived otherwise', async () => {
    const withErrorAfter = (count: number) =>
      attempt({
        act(upstream) {
          play(upstream, openai, count);
          upstream.event('{"error":{"message":"overloaded","type":"server_error"}}');
        },
      });
    expect(toText((await withErrorAfter(0)).entry)).toBe('0+0');
    expect(toText((await withErrorAfter(2)).entry)).toBe(`~${promptTokens}+1`);
  });
});

describe('a usage that can not be true', () => {
  const usage = { prompt_tokens: 20, completion_tokens: 900_000_000, total_tokens: 900_000_020 };

  it('is not billed: of a complete answer', async () => {
    const { entry } = await attempt({
      act(upstream) {
        play(upstream, { ...openai, events: [...openai.events.slice(0, 3), openaiChunk({}, { ...finish, usage })] });
        upstream.event('[DONE]');
      },
    });
    expect(entry?.outcome).toBe('complete');
    expect(toText(entry)).toMatch(`~${promptTokens}+`);
    expect(entry?.costMicros).toBeLessThan(100);
  });

  it('is not billed: of an aborted one', async () => {
    const { entry } = await attempt({
      act(upstream, abort) {
        play(upstream, { ...openai, events: [...openai.events.slice(0, 3), openaiChunk({}, { usage })] });
        abort();
      },
    });
    expect(entry?.outcome).toBe('aborted');
    expect(toText(entry)).toBe(`~${promptTokens}+2`);
  });
});

const withUsage = (usage: object) =>
  attempt({
    stream: false,
    act(upstream) {
      upstream.head(200, 'application/json');
      upstream.text(JSON.stringify({ ...(JSON.parse(openai.whole) as object), usage }));
      upstream.end();
    },
  });

describe('the cost of a call', () => {
  it('has a rate of its own for tokens that the cache keeps for an hour', async () => {
    const details = { cached_tokens: 4, cache_write_tokens: 6, cache_write_1h_tokens: 5 };
    const { entry } = await withUsage({ ...openaiUsage, prompt_tokens_details: details });
    expect(entry).toMatchObject({ costMicros: 40, tokens: { fresh: 10, cacheRead: 4, cacheWrite: 6 } });
  });
});

describe('the cost that a provider reports', () => {
  it.each([
    ['dollars', { cost: 0.00003 }],
    ['ticks', { cost_in_usd_ticks: 300_000 }],
  ])('is kept beside ours: %s', async (_unit, cost) => {
    const { entry, onCostDiffers } = await withUsage({ ...openaiUsage, ...cost });
    expect(entry).toMatchObject({ costMicros: 30, providerCostMicros: 30 });
    expect(onCostDiffers).not.toHaveBeenCalled();
  });

  it('is reported if it differs', async () => {
    const { entry, onCostDiffers } = await withUsage({ ...openaiUsage, cost: 0.00005 });
    expect(entry).toMatchObject({ costMicros: 30, providerCostMicros: 50 });
    expect(onCostDiffers).toHaveBeenCalledWith({ upstream: 'u', model: 'm', costMicros: 30, providerCostMicros: 50 });
  });

  it('is ignored if it cannot be true', async () => {
    const { entry } = await withUsage({ ...openaiUsage, cost: -1 });
    expect(entry).not.toHaveProperty('providerCostMicros');
  });
});

describe('a whole answer without usage', () => {
  it('is counted by its text', async () => {
    const { entry } = await attempt({
      stream: false,
      act(upstream) {
        upstream.head(200, 'application/json');
        upstream.text(JSON.stringify({ ...(JSON.parse(openai.whole) as object), usage: undefined }));
        upstream.end();
      },
    });
    expect(toText(entry)).toBe(`~${promptTokens}+4`);
  });
});
