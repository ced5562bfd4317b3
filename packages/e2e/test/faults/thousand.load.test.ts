import { until } from '@sluice/testkit';
import { beforeAll, expect, it } from 'vitest';
import { type Sluice, startSluice } from '../sluice.ts';
import { openStream, readAnswer, tokensOf, untilOccupied } from '../traffic.ts';

const streams = 1000;
const tokens = 3;

/** The processes that `npm start` starts, with one key and default settings. */
let sluice: Sluice;
beforeAll(async () => {
  sluice = await startSluice({ ingresses: 1, workers: 1 });
});

it('one ingress and one worker serve 1,000 streams at once with default settings', async () => {
  // All in the same instant: a load balancer that moves its clients to another replica causes this.
  const answers = await Promise.all(
    Array.from({ length: streams }, (_, at) =>
      openStream(sluice, { model: `demo-t${tokens}-i15000`, content: `rid=r${at}` }),
    ),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  await until(async () => (await sluice.simulator.stats()).open === streams, {
    what: 'all streams to be open at the provider',
    timeoutMs: 20_000,
  });
  expect(new Set(await Promise.all(answers.map((answer) => answer.finish())))).toEqual(new Set(['whole']));
  expect(answers.map(readAnswer)).toEqual(
    answers.map((_, at) => ({ text: tokensOf(`r${at}`, tokens), isDone: true, errorCode: undefined })),
  );
  expect((await sluice.simulator.stats()).total).toBe(streams);
  await untilOccupied(sluice, { running: 0, waiting: 0 });
}, 200_000);
