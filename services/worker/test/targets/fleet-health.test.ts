import type { UpstreamHealth } from '@sluice/upstream-health';
import { describe, expect, it, vi } from 'vitest';
import { createHealth } from '../../src/targets/fleet-health.ts';

const target = { upstreamId: 'u', model: 'm' };
const request = { requestId: 'r', tenant: 't' };
const go = { kind: 'go', credentialId: 'b', isProbe: true, hasFailures: true } as const;
const away = new Error('connect ECONNREFUSED 127.0.0.1:6379');
const badData = new Error('WRONGTYPE Operation against a key holding the wrong kind of value');

/** A health whose every method fails with this cause, if there is one. */
function healthWith(cause?: Error) {
  const end = <Result>(result: Result): Promise<Result> =>
    cause === undefined ? Promise.resolve(result) : Promise.reject(cause);
  const shared: UpstreamHealth = {
    choose: () => end(go),
    coolDown: () => end(undefined),
    failed: () => end(true),
    recovered: () => end(undefined),
    abandoned: () => end(undefined),
    isOpen: () => end(false),
    circuit: () => end({ isOpen: false, failures: 0, cause: '' }),
    closeCircuit: () => end(false),
    cooldowns: () => end([]),
    lift: () => end(0),
  };
  const onError = vi.fn<(error: unknown) => void>();
  return { health: createHealth(shared, onError), onError };
}

describe('the choice of a credential', () => {
  it('is that of the fleet', async () => {
    const { health, onError } = healthWith();
    expect(await health.choose(target, ['a', 'b'], request)).toEqual(go);
    expect(onError).not.toHaveBeenCalled();
  });

  it('fails while Redis is away: the request waits', async () => {
    const { health } = healthWith(away);
    await expect(health.choose(target, ['a', 'b'], request)).rejects.toBe(away);
  });

  it.each([
    [['a', 'b'], { kind: 'go', credentialId: 'a', isProbe: false, hasFailures: false }],
    [[], { kind: 'refused' }],
  ])('is the first credential if the data in Redis is bad: %j', async (credentialIds, choice) => {
    const { health, onError } = healthWith(badData);
    expect(await health.choose(target, credentialIds, request)).toEqual(choice);
    expect(onError).toHaveBeenCalledExactlyOnceWith(badData);
  });
});

describe('a report to the fleet', () => {
  const reports = {
    coolDown: (health) =>
      health.coolDown({ upstreamId: 'u', credentialId: 'a' }, { cooldownMs: 1, isRefused: false, reason: 'quota' }),
    failed: (health) => health.failed(target, { ...request, isProbe: false, cause: 'server' }),
    recovered: (health) => health.recovered(target, { tenant: 't', credentialId: 'a' }),
    abandoned: (health) => health.abandoned(target),
  } satisfies Record<string, (health: ReturnType<typeof createHealth>) => Promise<void>>;

  it.each(Object.entries(reports))('never fails the request: %s', async (_name, report) => {
    for (const error of [away, badData]) {
      const { health, onError } = healthWith(error);
      expect(await report(health)).toBeUndefined();
      expect(onError).toHaveBeenCalledExactlyOnceWith(error);
    }
    const { health, onError } = healthWith();
    await report(health);
    expect(onError).not.toHaveBeenCalled();
  });
});
