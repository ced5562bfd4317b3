import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createRenewals, type HeldRequest } from '../src/renewals.ts';
import type { LeaseState } from '../src/scripts.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp(stateOf: (requestId: string) => LeaseState | Error = () => 'running') {
  const batches: string[][] = [];
  const heard: string[] = [];
  const errors: unknown[] = [];
  const renewals = createRenewals({
    scripts: {
      renew(requests) {
        batches.push(requests.map(({ requestId }) => requestId));
        const states = requests.map(({ requestId }) => stateOf(requestId));
        const error = states.find((state) => state instanceof Error);
        return error === undefined
          ? Promise.resolve(states.flatMap((state) => (state instanceof Error ? [] : [state])))
          : Promise.reject(error);
      },
    },
    leaseMs: 3000,
    onError: (error) => errors.push(error),
    onLeaseLost: (requestId) => heard.push(`lost ${requestId}`),
    random: () => 0.5,
  });
  const request = (requestId: string, keyId = 'k'): HeldRequest => ({
    requestId,
    keyId,
    limits: {},
    weight: 1,
    tokens: 1,
    end: (turn) => heard.push(`${turn} ${requestId}`),
  });
  return { renewals, request, batches, heard, errors };
}

describe('the renewals', () => {
  it('renew every held request at a third of its lease', async () => {
    const { renewals, request, batches } = setUp();
    for (const id of ['1', '2']) renewals.add(request(id));
    await vi.advanceTimersByTimeAsync(999);
    expect(batches).toEqual([]);
    await vi.advanceTimersByTimeAsync(1001);
    expect(batches).toEqual([
      ['1', '2'],
      ['1', '2'],
    ]);
  });

  it('renew requests of one key together, 50 at most', async () => {
    const { renewals, request, batches } = setUp();
    for (let at = 0; at < 60; at++) renewals.add(request(`a${at}`, 'a'));
    renewals.add(request('b', 'b'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(batches.map((batch) => batch.length)).toEqual([50, 10, 1]);
  });

  it.each<[LeaseState, string[]]>([
    ['running', ['run 1']],
    ['displaced', ['displaced 1']],
    ['waiting', []],
    ['lost', ['lost 1']],
  ])('tell a request that Redis holds as %s', async (state, told) => {
    const { renewals, request, heard } = setUp(() => state);
    renewals.add(request('1'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(heard).toEqual(told);
  });

  it('tell nothing to a request that has ended meanwhile', async () => {
    const { renewals, request, heard } = setUp((requestId) => {
      renewals.remove(requestId);
      return 'lost';
    });
    renewals.add(request('1'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(heard).toEqual([]);
  });

  it('continue after an error of Redis', async () => {
    const states: (LeaseState | Error)[] = [new Error('Command timed out'), 'running'];
    const { renewals, request, heard, errors } = setUp(() => states.shift() ?? 'running');
    renewals.add(request('1'));
    await vi.advanceTimersByTimeAsync(2000);
    expect([heard, errors.length]).toEqual([['run 1'], 1]);
  });

  it('end a wait of a held request alone', () => {
    const { renewals, request, heard } = setUp();
    renewals.add(request('1'));
    renewals.end('1', 'displaced');
    renewals.end('2', 'run');
    expect(heard).toEqual(['displaced 1']);
    expect([renewals.remove('1'), renewals.remove('1')]).toEqual([true, false]);
  });

  it.each([0, 1000])('stop when they are closed, also during a renewal: after %i ms', async (ms) => {
    const { renewals, request, batches } = setUp();
    renewals.add(request('1'));
    vi.advanceTimersByTime(ms);
    renewals.close();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(batches).toHaveLength(ms / 1000);
  });
});
