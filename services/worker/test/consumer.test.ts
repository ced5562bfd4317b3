import { retryPresets } from '@sluice/policy';
import { failedSchema } from '@sluice/protocol';
import type { MailboxWriter } from '@sluice/relay';
import { describe, expect, it, vi } from 'vitest';
import { createActiveRuns } from '../src/consumer/active-runs.ts';
import { createDoubts } from '../src/credentials/forbidden-credentials.ts';
import { runJob, type RunJobNeeds } from '../src/consumer.ts';
import { createRunMemory } from '../src/consumer/run-memory.ts';
import { jobWith, noImages, targetWith } from './scene.ts';

async function serve(body: string, over: Partial<RunJobNeeds> = {}) {
  const runs = createActiveRuns();
  const frames: { kind: string; data: string }[] = [];
  const writer: MailboxWriter = {
    send(_destination, { kind, data }) {
      frames.push({ kind, data });
      return 'queued';
    },
    isCongested: () => false,
    onceWritable: () => undefined,
    flushed: () => Promise.resolve(),
    close: () => undefined,
  };
  const log = vi.fn<(fields: object, message: string) => void>();
  const unwatchIngress = vi.fn<(ingressId: string) => void>();
  const jobEnded = vi.fn<() => void>();
  const forget = vi.fn<RunJobNeeds['forget']>();
  await runJob(
    {
      workerId: 'w',
      claim: () => Promise.resolve({ kind: 'claimed', body, remainingMs: 10_000, delivered: undefined }),
      forget,
      runs,
      memory: createRunMemory({ workerId: 'w', writer, now: () => 0 }),
      onRefused: () => undefined,
      writer,
      metrics: { jobStarted: () => undefined, jobEnded } as Partial<RunJobNeeds['metrics']> as RunJobNeeds['metrics'],
      logger: { warn: log, error: log, debug: log } as unknown as RunJobNeeds['logger'],
      watchIngress: () => undefined,
      unwatchIngress,
      now: () => 0,
      targetsOf: () => [targetWith()],
      makeAttempt: () => Promise.reject(new Error('a bug')),
      health: {
        choose: () => Promise.resolve({ kind: 'go', credentialId: 'a', isProbe: false, hasFailures: false }),
        rest: () => Promise.resolve(),
        failed: () => Promise.resolve(),
        recovered: () => Promise.resolve(),
        abandoned: () => Promise.resolve(),
      },
      doubts: createDoubts(),
      images: noImages,
      policy: retryPresets.default,
      timeouts: { wholeAttemptMs: undefined },
      onError: () => undefined,
      random: () => 0.5,
      ...over,
    },
    jobWith(),
    0,
  );
  const error = frames.find(({ kind }) => kind === 'error');
  return {
    runs,
    jobEnded,
    forget,
    unwatchIngress,
    failed: error === undefined ? undefined : failedSchema.parse(JSON.parse(error.data)),
  };
}

describe('a job that something breaks', () => {
  it.each<[string, string, Partial<RunJobNeeds>]>([
    ['its body is not JSON', '{"messages":', {}],
    ['its body is no object', '[1]', {}],
    ['its body is null', 'null', {}],
    ['an attempt rejects', '{}', {}],
  ])('is an error for its client, and is over: %s', async (_what, body, over) => {
    const served = serve(body, over);
    const { runs, jobEnded, forget, unwatchIngress, failed } = await served;
    expect(failed).toMatchObject({ error: { code: 'internal_error' } });
    expect(runs.size).toBe(0);
    expect(jobEnded).toHaveBeenCalledOnce();
    expect(forget).toHaveBeenCalledOnce();
    expect(unwatchIngress).toHaveBeenCalledOnce();
  });
});
