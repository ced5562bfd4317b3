import { noTokens } from '@sluice/records';
import { describe, expect, it } from 'vitest';
import type { BilledCall, LedgerCall, LedgerRequest } from './books.ts';
import { compare, type CompareNeeds } from './compare.ts';
import { toTable } from './print.ts';
import { createDice, planRequests } from './requests.ts';

const [request] = planRequests(1, createDice(1));
if (request === undefined) throw new Error('no request is planned');
const { rid } = request;

const tokens = { ...noTokens, fresh: 100, output: 20 };
const billed: BilledCall = { rid, upstream: 'u', model: 'm', at: 1, tokens, isTold: true };
const call: LedgerCall = {
  id: 'r.1.1',
  requestId: 'r',
  upstream: 'u',
  outcome: 'complete',
  startedAt: 1,
  tokens,
  costMicros: 120,
  isEstimated: false,
};
const entry: LedgerRequest = {
  id: 'r',
  rid,
  costMicros: 120,
  isEstimated: false,
  settledBy: 'ingress',
  outcome: 'complete',
};
const books: CompareNeeds = {
  driven: [{ request, status: 200, code: undefined }],
  bill: [billed],
  ledger: { requests: [entry], calls: [call], skipped: 0 },
  // A micro-dollar for each token.
  priceOf: ({ tokens: { fresh, output } }) => fresh + output,
  hasKills: false,
};

const differences = (changes: Partial<CompareNeeds>): readonly string[] =>
  compare({ ...books, ...changes }).differences;
const withCalls = (...calls: readonly LedgerCall[]): Partial<CompareNeeds> => ({
  ledger: { ...books.ledger, calls },
});
const withRequests = (...requests: readonly LedgerRequest[]): Partial<CompareNeeds> => ({
  ledger: { ...books.ledger, requests },
});

describe('the audit', () => {
  it('finds no difference in equal books', () => {
    expect(differences({})).toEqual([]);
    expect(toTable(compare(books))).toContain('The ledger balances.');
  });

  it.each<[string, Partial<CompareNeeds>]>([
    ['an entry that is missing', withRequests()],
    ['an entry that is there twice', withRequests(entry, { ...entry, id: 's' })],
    ['an entry without a request', withRequests(entry, { ...entry, id: 's', rid: 'other' })],
    ['an entry of a refused request', { driven: [{ request, status: 503, code: 'overloaded' }] }],
    ['an entry that could not be read', { ledger: { ...books.ledger, skipped: 1 } }],
    ['a request that costs more than its attempts', withRequests({ ...entry, costMicros: 121 })],
    ['a call that is missing', withCalls()],
    ['a call that is there twice', withCalls(call, { ...call, id: 'r.1.2' })],
    ['a token too many', withCalls({ ...call, tokens: { ...tokens, output: 21 } })],
    ['a token of another class', withCalls({ ...call, tokens: { ...tokens, output: 19, reasoning: 1 } })],
    ['a micro-dollar too many', withCalls({ ...call, costMicros: 121 })],
    ['a call that no provider has billed', { bill: [] }],
    ['an estimate that is 2 % off', withCalls({ ...call, isEstimated: true, costMicros: 118 })],
  ])('finds %s', (_what, changes) => {
    expect(differences(changes)).not.toEqual([]);
  });

  it('takes an estimate that is 1 % off, and a call that a killed process did not enter', () => {
    const estimate = { ...call, isEstimated: true, costMicros: 119 };
    expect(differences(withCalls(estimate))).toEqual([]);
    const others = Array.from({ length: 200 }, (_, at) => ({ ...billed, rid: `other-${at}` }));
    const otherEntries = others.map((other, at) => ({ ...entry, id: `o${at}`, rid: other.rid }));
    const otherCalls = otherEntries.map(({ id }) => ({ ...call, id: `${id}.1.1`, requestId: id }));
    const driven = otherEntries.map((other) => ({
      request: { ...request, rid: other.rid },
      status: 200,
      code: undefined,
    }));
    const bill = [
      ...others,
      ...Array.from({ length: 4 }, () => ({ ...billed })),
      { ...billed, tokens: { ...tokens, output: 19 } },
    ];
    const lostFor = (costMicros: number): readonly LedgerCall[] =>
      [1, 2, 3, 4].map((number) => ({
        ...call,
        costMicros,
        id: `r.1.${number}`,
        outcome: 'lost',
        isEstimated: true,
      }));
    const calls = [...otherCalls, ...lostFor(call.costMicros)];
    const requests = [...otherEntries, { ...entry, isEstimated: true }];
    const killed = { driven: [...books.driven, ...driven], bill, ledger: { requests, calls, skipped: 0 } };
    expect(differences({ ...killed, hasKills: true })).toEqual([]);
    expect(differences({ ...killed, hasKills: false })).not.toEqual([]);
    const farOff = { requests, calls: [...otherCalls, ...lostFor(70)], skipped: 0 };
    expect(differences({ ...killed, hasKills: true, ledger: farOff }).join()).toContain('the lost calls differ by -');
  });
});
