import { expect, onTestFinished, test } from 'vitest';
import { openaiClient } from '../../src/clients/openai-client.ts';
import { readSse } from '../../src/clients/read-sse.ts';
import { type SimulatorControl, simulatorControl } from '../../src/clients/simulator-control.ts';
import { type SimulatorProcess, spawnService } from '../../src/services/spawn-service.ts';
import { until } from '../../src/until.ts';

async function start(): Promise<SimulatorProcess & { readonly control: SimulatorControl }> {
  const simulator = await spawnService('simulator');
  onTestFinished(async () => void (await simulator.stop()));
  return { ...simulator, control: simulatorControl(simulator.url) };
}

const request = (model: string): { model: string; messages: { role: 'user'; content: string }[] } => ({
  model,
  messages: [{ role: 'user', content: 'Hello' }],
});

test('shows every call and counts it', async () => {
  const { url, control } = await start();
  const client = openaiClient({ baseUrl: `${url}/v1`, apiKey: 'tok-a' });
  await client.chat.completions.create(request('gpt-4o-mini-t3'));
  expect(await control.calls()).toEqual([
    {
      id: expect.any(String) as string,
      at: expect.any(Number) as number,
      method: 'POST',
      path: '/v1/chat/completions',
      query: '',
      model: 'gpt-4o-mini-t3',
      stream: false,
      credential: 'tok-a',
      headers: expect.objectContaining({ authorization: 'Bearer tok-a' }) as object,
      body: expect.stringContaining('"Hello"') as string,
      conversation: expect.any(String) as string,
      directives: 't3',
      status: 200,
      outcome: 'finished',
      tokensSent: 3,
      startedAt: { clockMs: expect.any(Number) as number, wallMs: expect.any(Number) as number },
      firstTokenAt: expect.objectContaining({}) as object,
      endedAt: expect.objectContaining({}) as object,
      abortedAt: null,
    },
  ]);
  expect(await control.stats()).toEqual({
    total: 1,
    open: 0,
    peakOpen: 1,
    aborted: 0,
    byStatus: { 200: 1 },
    byCredential: { 'tok-a': { total: 1, open: 0, peakOpen: 1 } },
  });
});

test('follows its rules until it is reset', async () => {
  const { url, control } = await start();
  await control.script([{ match: { credential: 'tok-a' }, times: 1, directives: 'e503' }, { directives: 'e429-r1' }]);
  const statusFor = async (apiKey: string): Promise<unknown> =>
    openaiClient({ baseUrl: `${url}/v1`, apiKey })
      .chat.completions.create(request('demo'))
      .then(
        () => 200,
        (error: unknown) => error instanceof Error && 'status' in error && error.status,
      );
  expect([await statusFor('tok-b'), await statusFor('tok-a'), await statusFor('tok-a')]).toEqual([429, 503, 429]);
  await control.reset();
  expect(await statusFor('tok-a')).toBe(200);
  expect(await control.calls()).toHaveLength(1);
});

test('throws the message of the simulator about an invalid rule', async () => {
  const { control } = await start();
  await expect(control.script([{ directives: 'e999' }])).rejects.toThrow(
    /^The simulator answered 400 to POST \/_sim\/script: .*e999/,
  );
});

test('refuses connections for the given time', async () => {
  const { url, control } = await start();
  await control.refuse(300);
  await until(
    () =>
      readSse(`${url}/_sim/stats`).then(
        () => false,
        (error: { code?: unknown }) => error.code === 'ECONNREFUSED',
      ),
    {
      what: 'a refused connection',
      intervalMs: 1,
    },
  );
  const status = await until(async () => (await readSse(`${url}/_sim/stats`)).status, {
    what: 'the simulator to be back',
  });
  expect(status).toBe(200);
});

test('streams to a reader that sees when it was cut', async () => {
  const { url, control } = await start();
  const body = (model: string): string => JSON.stringify({ ...request(model), stream: true });
  const headers = { 'content-type': 'application/json', authorization: 'Bearer tok-a' };
  const whole = await readSse(`${url}/v1/chat/completions`, { headers, body: body('demo-t4') });
  expect(await whole.finish()).toBe('whole');
  expect(whole.content.events.at(-1)?.data).toBe('[DONE]');
  const cut = await readSse(`${url}/v1/chat/completions`, { headers, body: body('demo-t8-reset-k4') });
  expect(await cut.finish()).toBe('broken');
  const left = await readSse(`${url}/v1/chat/completions`, { headers, body: body('demo-t1000-i20') });
  await left.pieces().next();
  await left.leave();
  await until(async () => (await control.stats()).aborted === 1, { what: 'the simulator to see that we left' });
  expect((await control.calls()).map(({ outcome }) => outcome)).toEqual(['finished', 'faulted', 'aborted']);
});
