import express from 'express';
import { expect, it } from 'vitest';
import { mergeSlashes } from '../../src/middleware/merge-slashes.ts';
import { send, serve } from './serving.ts';

async function urlOf(path: string): Promise<string> {
  const app = express();
  app.use(mergeSlashes);
  app.use((request, response) => void response.json({ error: { code: request.url } }));
  const { json } = await send(await serve(app), { method: 'GET', path });
  return json.error?.code ?? '';
}

it.each([
  ['/v1/models', '/v1/models'],
  ['//v1/models', '/v1/models'],
  ['/v1//models', '/v1/models'],
  ['///v1////models//', '/v1/models/'],
  ['//', '/'],
  ['/v1//models?next=https://a//b', '/v1/models?next=https://a//b'],
  ['/v1/models?//', '/v1/models?//'],
  ['//host.example/v1/models', '/host.example/v1/models'],
  ['http://host.example//v1//models?a=//', 'http://host.example/v1/models?a=//'],
  ['/v1/models/a%2F%2Fb', '/v1/models/a%2F%2Fb'],
])('reads %s as %s', async (path, expected) => {
  expect(await urlOf(path)).toBe(expected);
});
