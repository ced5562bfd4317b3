import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterFile, until } from '@sluice/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { apiKey, type Sluice, startSluice } from './sluice.ts';
import { metric } from './traffic.ts';

const depth = 10_000;
const nested = `${'['.repeat(depth)}${']'.repeat(depth)}`;
const reasoning = `"reasoning_content":"why","deep":${nested}`;
const whole = `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop","logprobs":null,"message":{"role":"assistant","content":"x","refusal":null,${reasoning}}}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`;
const chunk = `{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"finish_reason":null,"delta":{"role":"assistant","content":"x",${reasoning}}}]}`;
const last = `{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop","delta":{}}]}`;

/** A provider whose answers are nested so deeply that they can be read but not be written again. */
async function startNestingProvider(): Promise<string> {
  const server = createServer((request, response) => {
    const isStream = request.url?.startsWith('/stream') === true;
    response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' });
    response.end(isStream ? `data: ${chunk}\n\ndata: ${last}\n\ndata: [DONE]\n\n` : whole);
    request.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterFile(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

let sluice: Sluice;
beforeAll(async () => {
  const url = await startNestingProvider();
  const upstreamOf = (path: string): object => ({
    id: path,
    type: 'openai',
    base_url: `${url}/${path}`,
    credentials: [{ id: 'a', api_key: 'tok-nested' }],
  });
  sluice = await startSluice({
    ingresses: 1,
    workers: 1,
    config: {
      upstreams: [upstreamOf('whole'), upstreamOf('stream')],
      models: ['strip', 'think'].flatMap((thinking) =>
        ['whole', 'stream'].map((form) => ({
          id: `${thinking}-${form}`,
          thinking,
          targets: [{ upstream: form }],
        })),
      ),
    },
  });
});

describe('an answer that can not be translated for its client', () => {
  it.each(['strip-whole', 'think-whole', 'strip-stream', 'think-stream'])(
    'ends in an error, never in silence, and frees its lease: %s',
    async (model) => {
      const stream = model.endsWith('stream');
      const ending = fetch(`${sluice.url()}/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'x' }] }),
        signal: AbortSignal.timeout(20_000),
      }).then(async (response) => `${response.status} ${await response.text()}`);
      const answer = await ending.catch((error: unknown) => {
        if (error instanceof Error && error.name === 'TimeoutError') throw error;
        return 'broken';
      });
      expect(answer).toMatch(/^50\d .*"error"|^200 [^]*"error"|^broken$/);
      expect(answer).not.toContain('[DONE]');
      await until(
        async () => (await metric(sluice.fleet.ingresses[0]?.managementUrl ?? '', 'sluice_leases_in_use')) === 0,
        {
          what: 'its lease to be free',
        },
      );
      expect(sluice.fleet.ingresses[0]?.output()).not.toMatch(/uncaught|unhandled/i);
    },
  );
});
