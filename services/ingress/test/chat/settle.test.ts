import { describe, expect, it, vi } from 'vitest';
import { type Consumption, settle } from '../../src/chat/settle.ts';

const usage = { prompt_tokens: 40, completion_tokens: 20, total_tokens: 60 };

describe('settle', () => {
  it.each<[string, Consumption, number]>([
    ["the provider's own count", { kind: 'complete', end: { events: 22, usage, burntTokens: 0 } }, 60],
    ['prompt and events where it does not count', { kind: 'complete', end: { events: 22, burntTokens: 0 } }, 72],
    ['nothing for a failure before the first token', { kind: 'failed', facts: { attempts: 5, events: 0 } }, 0],
    ['what was delivered of a broken answer', { kind: 'failed', facts: { attempts: 1, events: 7 } }, 57],
    ['all that was reserved for a worker that never reported', { kind: 'failed', facts: undefined }, 300],
  ])('charges %s', (_what, consumption, tokens) => {
    const release = vi.fn<(correction: { requests: number; tokens: number }) => void>();
    settle({ mustWait: false, admitted: Promise.resolve(), release }, { total: 300, prompt: 50 }, consumption);
    expect(release).toHaveBeenCalledExactlyOnceWith({ requests: 0, tokens: tokens - 300 });
  });
});
