import { describe, expect, it } from 'vitest';
import { openStream, readAnswer, tokensOf, untilOccupied } from '../traffic.ts';
import { startSluice } from '../sluice.ts';

const tokens = 3;

/** The processes that `npm start` starts, with one key, and all other settings at their defaults. */
describe('one ingress and one worker', () => {
  it.each([
    [1000, 'default settings', {}],
    [2000, 'a higher limit of the fleet', { limits: { max_concurrent_requests: 2000 } }],
  ])(
    'serve %i streams at once that begin in the same instant, with %s',
    async (streams, _settings, config) => {
      const sluice = await startSluice({ ingresses: 1, workers: 1, config });
      // A load balancer that moves its clients to another replica causes this.
      const answers = await Promise.all(
        Array.from({ length: streams }, (_, at) =>
          openStream(sluice, { model: `demo-t${tokens}-i6000`, content: `rid=r${at}` }),
        ),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(await Promise.all(answers.map((answer) => answer.finish())))).toEqual(new Set(['whole']));
      expect(answers.map(readAnswer)).toEqual(
        answers.map((_, at) => ({ text: tokensOf(`r${at}`, tokens), isDone: true, errorCode: undefined })),
      );
      // All were open at once, and none was asked for twice.
      expect(await sluice.simulator.stats()).toMatchObject({ total: streams, peakOpen: streams });
      await untilOccupied(sluice, { running: 0, waiting: 0 });
    },
    200_000,
  );
});
