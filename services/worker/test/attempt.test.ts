import type { ChatJob } from '@sluice/protocol';
import { type CallPlan, type ProviderAdapter, providers } from '@sluice/providers';
import { expect, it } from 'vitest';
import { chosenWith, claimedRunWith, jobWith, makeAttemptWith, seamsWith, targetWith } from './scene.ts';

/** Returns the plan that an adapter gets for this job. */
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
    claimedRunWith({ job: jobWith(over) }),
    chosenWith({ target: targetWith({ adapter }) }),
    seamsWith(),
  );
  return seen;
}

it.each([
  [{}, false],
  [{ keepsThinkingMarkup: true }, true],
])('the plan of an adapter says whether marks around reasoning are kept: %j', async (over, expected) => {
  expect((await planFor(over))?.keepsThinkingMarkup).toBe(expected);
});
