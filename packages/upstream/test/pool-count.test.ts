import { until } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { answerOf, ask, createClient, type RawRequest, rawServer } from './scene.ts';

describe('the pool of a client', () => {
  it('counts open connections, and calls that wait for one', async () => {
    const asked: RawRequest[] = [];
    const url = await rawServer((request) => void asked.push(request));
    const client = createClient({ maxConnections: 1 });
    expect(client.pool()).toEqual({ open: 0, waiting: 0 });
    const answers = [1, 2, 3].map(() => ask(url, { client }));
    await until(() => asked.length === 1, { what: 'the first call to arrive' });
    expect(client.pool()).toEqual({ open: 1, waiting: 2 });
    for (const count of [1, 2, 3]) {
      await until(() => asked.length === count, { what: `call ${count} to arrive` });
      asked[count - 1]?.socket.write(answerOf('hello'));
    }
    for (const answer of answers) expect(await answer).toMatchObject({ text: 'hello' });
    expect(client.pool()).toEqual({ open: 1, waiting: 0 });
  });
});
