import { providers } from '@sluice/providers';
import { describe, expect, it, vi } from 'vitest';
import { run } from '../../src/run.ts';
import type { Health } from '../../src/targets/fleet-health.ts';
import { chosenWith, claimedRunWith, jobWith, makeAttemptWith, runNeedsWith, seamsWith, targetWith } from '../scene.ts';

const bug = (): never => {
  throw new URIError('URI malformed');
};
const openai = providers.openai.create({});

function* prepareBadly(): Generator<never, never> {
  yield* [];
  return bug();
}

const broken = {
  'the request': { ...openai, toUpstream: bug },
  'the preparation': { ...openai, prepare: prepareBadly },
};

describe.each(Object.entries(broken))('an adapter that throws over %s', (_what, adapter) => {
  it('fails its attempt, leaves no load on its credential, and is reported once', async () => {
    const giveBack = vi.fn<() => void>();
    const onThrow = vi.fn<(error: unknown) => void>();
    const { pool } = targetWith();
    const target = targetWith({ adapter, pool: { ...pool, take: (id) => ({ ...pool.take(id), giveBack }) } });
    const makeAttempt = makeAttemptWith({ onThrow });
    const attempted = await makeAttempt(
      claimedRunWith({ job: jobWith({ stream: false }) }),
      chosenWith({ target }),
      seamsWith(),
    );
    expect(attempted).toMatchObject({
      kind: 'failed',
      failure: { kind: 'malformed' },
      wasCalled: false,
      hasThrown: true,
    });
    expect(giveBack).toHaveBeenCalledOnce();
    expect(onThrow).toHaveBeenCalledOnce();
  });

  it('does not leave its target under trial', async () => {
    const health = {
      choose: () => Promise.resolve({ kind: 'go', credentialId: 'a', isProbe: true, hasFailures: true } as const),
      coolDown: () => Promise.resolve(),
      failed: vi.fn<Health['failed']>(() => Promise.resolve()),
      recovered: vi.fn<Health['recovered']>(() => Promise.resolve()),
      abandoned: vi.fn<Health['abandoned']>(() => Promise.resolve()),
    };
    const outcome = await run(
      runNeedsWith({ targetsOf: () => [targetWith({ adapter })], makeAttempt: makeAttemptWith(), health }),
      claimedRunWith({ job: jobWith({ stream: false }) }),
    );
    expect(outcome).toMatchObject({ kind: 'retry', error: { code: 'upstream_malformed', retryable: false } });
    expect(health.abandoned).toHaveBeenCalledWith({ upstreamId: 'u', model: 'm' });
    expect(health.failed).not.toHaveBeenCalled();
    expect(health.recovered).not.toHaveBeenCalled();
  });
});
