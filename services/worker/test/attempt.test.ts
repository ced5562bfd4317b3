import type { ChatJob } from '@sluice/protocol';
import { type CallPlan, type ProviderAdapter, providers } from '@sluice/providers';
import { expect, it } from 'vitest';
import { chosenWith, executionWith, jobWith, makeAttemptWith, seamsWith, targetWith } from './scene.ts';

/** The plan that an adapter is given for this job. */
async function planFor(over: Partial<ChatJob>): Promise<CallPlan | undefined> {
  let seen: CallPlan | undefined;
  const adapter: ProviderAdapter = {
    ...providers.openai.create({}),
    *prepare(_body, plan) {
      seen = plan;
      yield { kind: 'wait', ms: 0 };
      return { kind: 'failed', failure: { kind: 'server', message: '' } };
    },
  };
  const makeAttempt = makeAttemptWith();
  await makeAttempt(
    executionWith({ job: jobWith(over) }),
    chosenWith({ target: targetWith({ adapter }) }),
    seamsWith(),
  );
  return seen;
}

it.each([
  [{}, false],
  [{ keepsThinkingMarkup: true }, true],
])('an adapter knows whether marks around reasoning is to stay: %j', async (over, expected) => {
  expect((await planFor(over))?.keepsThinkingMarkup).toBe(expected);
});
