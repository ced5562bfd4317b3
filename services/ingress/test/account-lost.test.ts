import type { AttemptEntry } from '@sluice/records';
import { expect, it } from 'vitest';
import { createAccountLost } from '../src/account-lost.ts';

const body = { model: 'm', messages: [{ role: 'user', content: 'x'.repeat(50) }] };
const promptTokens = Math.ceil(JSON.stringify(body.messages).length / 4);
const answered = { upstream: 'u', model: 'n', credential: 'a', attempts: 2 };
const lost = {
  job: { requestId: 'r', epoch: 3, operation: 'chat', model: 'm' },
  events: 7,
  reasoningEvents: 3,
  body: Buffer.from(JSON.stringify(body)),
  startedAtMs: Date.now() - 500,
} as const;

function setUp() {
  const entries: AttemptEntry[] = [];
  const account = createAccountLost({
    models: [
      {
        id: 'm',
        targets: [{ upstream: 'u', model: 'first', priority: 0, weight: 1 }],
        autoContinue: 0,
        thinking: 'field',
      },
    ],
    upstreams: [{ id: 'u', type: 'openai', baseUrl: 'http://u' }],
    pricing: { priceOf: () => ({ rates: { input: 1_000_000, output: 2_000_000 }, source: 'config', isKnown: true }) },
    attempts: { add: (entry) => void entries.push(entry) },
  });
  return { account, entries };
}

it('settles the attempt of a lost worker by what has arrived', () => {
  const { account, entries } = setUp();
  expect(account({ ...lost, answered })).toBe(promptTokens + 14);
  expect(entries).toMatchObject([
    {
      id: 'r.3.2',
      upstream: 'u',
      model: 'n',
      credential: 'a',
      outcome: 'lost',
      tokens: { fresh: promptTokens, output: 4, reasoning: 3 },
      costMicros: promptTokens + 14,
      priceSource: 'config',
      estimated: true,
    },
  ]);
});

it('charges the prompt at the first target of the model if no attempt is known, and leaves the entry to the worker', () => {
  const { account, entries } = setUp();
  expect(account({ ...lost, events: 0, reasoningEvents: 0, answered: undefined })).toBe(promptTokens);
  expect(entries).toEqual([]);
});

it('leaves an entry without a price if the upstream is unknown', () => {
  const { account, entries } = setUp();
  expect(account({ ...lost, answered: { ...answered, upstream: 'gone' } })).toBe(0);
  expect(entries).toMatchObject([
    { id: 'r.3.2', upstream: 'gone', outcome: 'lost', costMicros: 0, priceSource: 'none' },
  ]);
});
