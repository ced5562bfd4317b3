import { expect, test } from 'vitest';
import { createApp } from '../src/app.ts';
import { appNeeds } from './app-needs.ts';
import { send, serve } from './middleware/serving.ts';

test('wrong keys of one address count together, whatever path they are sent to', async () => {
  const needs = appNeeds({ wrongKeysPerMinute: 12 });
  const keys = { ...needs.keys, untilCompared: () => undefined };
  const port = await serve(createApp({ ...needs, keys }).listener);
  const statusOf = async (path: string): Promise<number> => {
    const headers = { authorization: 'Bearer sk-wrong-0001' };
    return (await send(port, { method: 'GET', path, headers })).status;
  };
  const paths = ['/auth/keys', '/v1/auth/teams', '/admin/requests', '/metrics', '/conversations/c', '/v1/models'];
  const first: number[] = [];
  for (const path of paths) first.push(await statusOf(path));
  expect(first).toEqual([403, 403, 403, 403, 401, 401]);
  for (const path of paths) expect(`${path} ${await statusOf(path)}`).toBe(`${path} 429`);
});
