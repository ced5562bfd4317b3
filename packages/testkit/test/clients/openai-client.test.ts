import { expect, test } from 'vitest';
import { openaiClient } from '../../src/clients/openai-client.ts';
import { serveHttp } from '../serve.ts';

test('sends its key to the base URL, once', async () => {
  const calls: (string | undefined)[] = [];
  const url = await serveHttp((request, response) => {
    calls.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    response.writeHead(503, { 'content-type': 'application/json' }).end('{"error":{"message":"busy"}}');
  });
  const client = openaiClient({ baseUrl: `${url}/v1`, apiKey: 'sk-1' });
  await expect(client.models.list()).rejects.toMatchObject({ status: 503 });
  expect(calls).toEqual(['GET /v1/models Bearer sk-1']);
});

test('tries again as often as configured', async () => {
  let calls = 0;
  const url = await serveHttp((_request, response) => {
    calls += 1;
    response.writeHead(503, { 'retry-after-ms': '1' }).end();
  });
  const client = openaiClient({ baseUrl: url, apiKey: 'sk-1', maxRetries: 2 });
  await expect(client.models.list()).rejects.toMatchObject({ status: 503 });
  expect(calls).toBe(3);
});
