import type { UpstreamHealth } from '@sluice/admission';
import { providers } from '@sluice/providers';
import { expect, it, vi } from 'vitest';
import { callTargetWith, callWith, executionWith, jobWith, targetWith } from './scene.ts';

it('a call that an adapter breaks leaves neither load on its credential nor its target under trial', async () => {
  const abandoned = vi.fn<UpstreamHealth['abandoned']>(() => Promise.resolve());
  const giveBack = vi.fn<() => void>();
  const { pool } = targetWith();
  const target = targetWith({
    adapter: {
      ...providers.openai.create({}),
      toUpstream() {
        throw new URIError('URI malformed');
      },
    },
    pool: { ...pool, take: (id) => ({ ...pool.take(id), giveBack }) },
  });
  const callTarget = callTargetWith({ health: { recovered: () => Promise.resolve(), abandoned } });
  const call = callTarget(
    executionWith({ job: jobWith({ stream: false }) }),
    callWith({ target, isProbe: true, hasFailures: true }),
  );
  await expect(call).rejects.toThrow('URI malformed');
  expect(giveBack).toHaveBeenCalledOnce();
  expect(abandoned).toHaveBeenCalledWith({ upstreamId: 'u', model: 'm' });
});
