import { connect } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { verifies } from '@sluice/testkit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiKey, ask, type Sluice, startSluice } from './sluice.ts';
import { openStream, readAnswer, tokensOf } from './traffic.ts';

const maxBodyBytes = 2_000_000;

let sluice: Sluice;
let url: string;
beforeAll(async () => {
  sluice = await startSluice({ ingresses: 1, workers: 1, config: { server: { max_body_bytes: maxBodyBytes } } });
  url = `${sluice.url(0)}/chat/completions`;
});
beforeEach(() => sluice.simulator.reset());

interface Refusal {
  readonly status: number;
  readonly code: unknown;
  readonly param: unknown;
  readonly message: string;
}

async function send(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<Refusal> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
    body,
  });
  const { error } = (await response.json()) as { readonly error?: { code: unknown; param: unknown; message: string } };
  return { status: response.status, code: error?.code, param: error?.param, message: error?.message ?? '' };
}

const message = { role: 'user', content: 'hi' };
const fields = (over: object): string => JSON.stringify({ model: 'demo-t1', messages: [message], ...over });
const tool = { type: 'function', function: { name: 'f' } };

describe('a body', () => {
  it.each<[string, string | Uint8Array<ArrayBuffer>, Record<string, string>, number, string]>([
    ['that is empty', '', {}, 400, 'invalid_json'],
    ['that is not JSON', '{"model":', {}, 400, 'invalid_json'],
    ['that is not UTF-8', new Uint8Array([0x7b, 0xff, 0x7d]), {}, 400, 'invalid_encoding'],
    ['that is too large', fields({ user: 'x'.repeat(maxBodyBytes) }), {}, 413, 'request_too_large'],
    ['nested 65 deep', fields({ x: JSON.parse('['.repeat(64) + ']'.repeat(64)) }), {}, 400, 'json_too_deep'],
    ['of another type', fields({}), { 'content-type': 'text/plain' }, 415, 'unsupported_media_type'],
    [
      'of another charset',
      fields({}),
      { 'content-type': 'application/json; charset=latin1' },
      415,
      'unsupported_media_type',
    ],
    ['of an unknown encoding', fields({}), { 'content-encoding': 'zstd9' }, 415, 'unsupported_media_type'],
    ['that is not what its encoding says', fields({}), { 'content-encoding': 'gzip' }, 400, 'invalid_encoding'],
    [
      'that inflates to more than is allowed',
      gzipSync(fields({ user: 'x'.repeat(50 * maxBodyBytes) })),
      { 'content-encoding': 'gzip' },
      413,
      'request_too_large',
    ],
  ])('%s is refused', async (_, body, headers, status, code) => {
    expect(await send(body, headers)).toMatchObject({ status, code, param: null });
    expect((await sluice.simulator.stats()).total).toBe(0);
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('may be compressed with %s', async (encoding, pack) => {
    expect(await send(pack(fields({})), { 'content-encoding': encoding })).toMatchObject({ status: 200 });
  });

  it('nested as deep as is allowed passes', async () => {
    expect(await send(fields({ x: JSON.parse('['.repeat(63) + ']'.repeat(63)) }))).toMatchObject({ status: 200 });
  });
});

describe('a field', () => {
  const messages = (...list: unknown[]): object => ({ messages: list });
  it.each<[object, string]>([
    [{ model: undefined }, 'model'],
    [{ model: 5 }, 'model'],
    [{ model: '' }, 'model'],
    [{ messages: undefined }, 'messages'],
    [{ messages: 'hi' }, 'messages'],
    [{ messages: [] }, 'messages'],
    [{ messages: Array.from({ length: 2001 }, () => message) }, 'messages'],
    [messages('hi'), 'messages[0]'],
    [messages(message, {}), 'messages[1].role'],
    [messages(message, { role: 'robot', content: 'x' }), 'messages[1].role'],
    [messages(message, message, { role: 'user', content: 7 }), 'messages[2].content'],
    [messages({ role: 'user', content: [{ type: 'text' }] }), 'messages[0].content[0].text'],
    [
      messages({ role: 'user', content: [{ type: 'image_url', image_url: {} }] }),
      'messages[0].content[0].image_url.url',
    ],
    [messages(message, { role: 'tool', content: 'x' }), 'messages[1].tool_call_id'],
    [{ temperature: 'hot' }, 'temperature'],
    [{ temperature: 2.1 }, 'temperature'],
    [{ top_p: -1 }, 'top_p'],
    [{ n: 0 }, 'n'],
    [{ n: 1.5 }, 'n'],
    [{ max_tokens: -1 }, 'max_tokens'],
    [{ max_completion_tokens: 'all' }, 'max_completion_tokens'],
    [{ stream: 'yes' }, 'stream'],
    [{ stream: true, stream_options: { include_usage: 1 } }, 'stream_options.include_usage'],
    [{ stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop'],
    [{ stop: 5 }, 'stop'],
    [{ presence_penalty: 3 }, 'presence_penalty'],
    [{ logit_bias: { 5: 'x' } }, 'logit_bias.5'],
    [{ top_logprobs: 21, logprobs: true }, 'top_logprobs'],
    [{ tools: {} }, 'tools'],
    [{ tools: Array.from({ length: 129 }, () => tool) }, 'tools'],
    [{ tools: [{ type: 'function', function: {} }] }, 'tools[0].function.name'],
    [{ tools: [tool], tool_choice: { type: 'function' } }, 'tool_choice.function'],
    [{ response_format: { type: 'json_schema' } }, 'response_format.json_schema'],
    [{ metadata: { a: 1 } }, 'metadata.a'],
    [{ seed: 1.5 }, 'seed'],
    [{ user: 7 }, 'user'],
  ])('%j is refused by its name', verifies('004-09', '004-13'), async (over, param) => {
    const refusal = await send(fields(over));
    expect(refusal).toMatchObject({ status: 400, param });
    expect(refusal.message).not.toBe('');
    expect((await sluice.simulator.stats()).total).toBe(0);
  });

  it('that is unknown reaches the provider unchanged', async () => {
    const unknown = { my_flag: { deep: [1, 'x', null] }, extra: 0.1 };
    expect(await send(fields(unknown))).toMatchObject({ status: 200 });
    const [call] = await sluice.simulator.calls();
    expect(JSON.parse(call?.body ?? '{}')).toMatchObject(unknown);
  });

  it.each(['api_base', 'base_url', 'api_key', 'extra_headers'])(
    "%s, which is the operator's, is refused by its name",
    async (param) => {
      const refusal = { status: 400, code: 'unsupported_parameter', param };
      expect(await send(fields({ [param]: 'http://127.0.0.1:1' }))).toMatchObject(refusal);
      expect(await send(fields({ [param]: null }))).toMatchObject({ status: 200 });
    },
  );

  it('may hold an unknown value: the provider decides about it', async () => {
    expect(await send(fields({ reasoning_effort: 'extreme', modalities: ['smell'] }))).toMatchObject({ status: 200 });
  });

  it('may be null where OpenAI allows it', async () => {
    const nulls = { temperature: null, max_tokens: null, stop: null, n: null, stream: null, seed: null };
    expect(await send(fields(nulls))).toMatchObject({ status: 200 });
  });
});

describe('garbage on the socket', () => {
  const talk = (bytes: string): Promise<string> =>
    new Promise((resolve) => {
      const { hostname, port } = new URL(url);
      const socket = connect(Number(port), hostname, () => socket.end(bytes));
      let answer = '';
      socket.on('data', (data) => (answer += data.toString()));
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(answer));
    });
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${apiKey}\r\n`;

  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', '400'],
    ['a wrong length', `${head}content-length: x\r\n\r\n{}`, '400'],
    ['no host', 'GET /v1/models HTTP/1.1\r\n\r\n', '400'],
    ['another expectation', 'GET /v1/models HTTP/1.1\r\nhost: x\r\nexpect: miracles\r\n\r\n', '417'],
    ['two lengths', `${head}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`, '400'],
    ['length and chunks', `${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`, '400'],
    ['a broken chunk', `${head}transfer-encoding: chunked\r\n\r\nzz\r\n`, '400'],
    ['a header of 100 KB', `${head}x: ${'y'.repeat(100_000)}\r\n\r\n`, '413'],
  ])('is answered with a clear status in the envelope: %s', async (_, bytes, status) => {
    const answer = await talk(bytes);
    expect(answer.slice(0, 12)).toBe(`HTTP/1.1 ${status}`);
    const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)) as { error: object };
    expect(Object.keys(body.error).toSorted()).toEqual(['code', 'message', 'param', 'type']);
  });

  it('leaves the ingress unaffected', async () => {
    await Promise.all([talk(`${head}content-length: 1000\r\n\r\n{"mod`), talk(head), talk('\0'.repeat(5000))]);
    const answer = await openStream(sluice, { model: 'demo-t5', content: 'rid=x' });
    await answer.finish();
    expect(readAnswer(answer)).toEqual({ text: tokensOf('x', 5), isDone: true, errorCode: undefined });
    expect(await send(JSON.stringify(ask('demo-t1')))).toMatchObject({ status: 200 });
  });
});
