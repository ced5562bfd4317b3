import { openEntrySchema, requestEntrySchema } from '@sluice/records';
import { describe, expect, it } from 'vitest';
import type { Principal } from '../../../src/context.ts';
import { openAccounting } from '../../../src/inference/accounting/accounting.ts';
import { costBounds, principalWith } from '../fakes.ts';

const order = {
  operation: 'chat' as const,
  model: 'm',
  stream: true,
  targets: [{ upstream: 'u', priority: 1, weight: 1 }],
  thinking: 'raw' as const,
  body: Buffer.from('{}'),
  droppedMessages: 0,
  maxContinuations: 0,
  reservation: { prompt: 50, answer: 30, total: 80, isPaidPerAttempt: false },
  native: undefined,
  forms: undefined,
};
const team = { id: 't1', models: ['*'], limits: { rpm: 5 }, budgets: { day: 100 } };

function open(isRecorded: boolean, principal: Partial<Principal> = {}, headers = {}) {
  let now = 1000;
  const needs = { isRecorded, costBounds, now: () => (now += 250) };
  return openAccounting(
    needs,
    order,
    { requestId: 'r1', publicId: 'p1', principal: principalWith(principal) },
    headers,
  );
}

const end = {
  outcome: 'complete',
  status: 200,
  attempts: 2,
  inputTokens: 5,
  outputTokens: 7,
  costMicros: 12,
  estimated: false,
} as const;

describe('the accounting of a request', () => {
  it('is absent without a database, a team and a budget', () => {
    expect(open(false)).toBeUndefined();
    expect(open(false, { tags: ['a'], owner: 'o' })).toBeUndefined();
  });

  it('reserves money if the key or its team has budgets', () => {
    expect(open(true)?.admission.money).toBeUndefined();
    const money = { micros: 100 + 300, isBounded: true, microsIfLost: 400 };
    expect(open(false, { budgets: { total: 9 } })?.admission).toMatchObject({ budgets: { total: 9 }, money });
    expect(open(false, { team })?.admission).toMatchObject({ team, money });
  });

  it('has an open entry with all that is known at the admission', () => {
    const headers = { 'x-sluice-tags': 'b', 'session-id': 's1', 'user-agent': 'codex_exec/1' };
    const { openEntry = '', promptTokens } = open(true, { team, owner: 'ann', tags: ['a'] }, headers)?.admission ?? {};
    expect(promptTokens).toBe(50);
    const entry = { ...(JSON.parse(openEntry) as object), acceptedAt: 5 };
    expect(openEntrySchema.parse(entry)).toEqual({
      id: 'r1',
      publicId: 'p1',
      keyId: 'key-id',
      keyName: 'team',
      teamId: 't1',
      owner: 'ann',
      tags: ['a', 'b'],
      sessionId: 's1',
      agent: 'codex',
      operation: 'chat',
      model: 'm',
      stream: true,
      acceptedAt: 5,
    });
  });

  it('has a whole ledger entry, with the times on the clock of Redis', () => {
    const accounting = open(true);
    accounting?.accepted(1_000_000);
    accounting?.waited(99.6);
    const { costMicros, entry = '' } = accounting?.settled({ ...end, ttftMs: 80 }) ?? {};
    expect(costMicros).toBe(12);
    expect(requestEntrySchema.parse(JSON.parse(entry))).toEqual({
      ...end,
      id: 'r1',
      publicId: 'p1',
      keyId: 'key-id',
      keyName: 'team',
      tags: [],
      operation: 'chat',
      model: 'm',
      stream: true,
      acceptedAt: 1_000_000,
      endedAt: 1_000_250,
      waitedMs: 100,
      ttftMs: 80,
      settledBy: 'ingress',
    });
  });

  it('charges budgets without a ledger entry where there is no database', () => {
    const accounting = open(false, { budgets: { day: 100 } });
    expect(accounting?.admission.openEntry).toBe('{"id":"r1"}');
    expect(accounting?.settled(end)).toEqual({ costMicros: 12, entry: undefined });
  });
});
