import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ProviderType, providers } from '@sluice/providers';
import { createUpstreamClient } from '@sluice/upstream';
import { describe, expect, it } from 'vitest';
import { createCollection, streamSink, wholeSink } from '../src/answer/answer-sink.ts';
import type { AttemptResult } from '../src/attempt/attempt-result.ts';
import { callUpstream } from '../src/upstream.ts';
import { planWith } from './scene.ts';

/*
 * Answers of real providers over a real socket. The adapters are tested with all recordings in
 * packages/providers/test/contract; here a few of them take the whole way: undici, decoding, framing, translation, sink.
 */

const folder = new URL('../../../packages/providers/test/contract/recorded/', import.meta.url);

interface Recorded {
  readonly type: ProviderType;
  readonly body: Buffer;
  readonly contentType: string;
  readonly status?: number;
}

const recorded = (type: ProviderType, name: string, contentType: string, status = 200): Recorded => ({
  type,
  body: readFileSync(new URL(`${type}/${name}`, folder)),
  contentType,
  status,
});

const openaiStream = recorded('openai', 'chat-completion-streaming.sse', 'text/event-stream');
const openaiWhole = recorded('openai', 'openai-text-ai.json', 'application/json');
const openaiError = recorded('openai', 'chat-completion-404.json', 'application/json', 404);
const geminiStream = recorded('gemini', 'streaming-success-basic-reply-short.sse', 'text/event-stream');
/** No recording of this provider exists: these are the frames that its documentation shows, with texts of our own. */
const bailianStream: Recorded = {
  type: 'bailian',
  contentType: 'text/event-stream;charset=UTF-8',
  body: Buffer.from(
    [
      bailianFrame(1, { text: 'Hél', finish_reason: 'null' }),
      bailianFrame(2, { text: 'lo 世界 🌍', finish_reason: 'stop' }),
    ].join(''),
  ),
};
const ollamaStream = recorded('ollama', 'ollama-streaming-chat-legacy.ndjson', 'application/x-ndjson');

function bailianFrame(id: number, output: object): string {
  const usage = { models: [{ input_tokens: 23, output_tokens: id, model_id: 'qwen-plus' }] };
  const data = JSON.stringify({ output, usage, request_id: '1111-2222' });
  return `id:${id}\nevent:result\n:HTTP_STATUS/200\ndata:${data}\n\n`;
}

interface Served {
  readonly result: AttemptResult;
  readonly output: string;
}

/**
 * Serves a recording over a real socket, and returns what the worker sends to the client.
 *
 * @param pieceBytes length of each write; the last may be shorter
 */
async function serve({ type, body, contentType, status = 200 }: Recorded, stream: boolean, pieceBytes = body.length) {
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': contentType });
    void (async () => {
      for (let at = 0; at < body.length; at += pieceBytes) {
        await new Promise<void>((sent) => response.write(body.subarray(at, at + pieceBytes), () => sent()));
        // Lets the reader's side of the loop have this piece alone.
        await new Promise((next) => setImmediate(next));
      }
      response.end();
    })();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createUpstreamClient({ connectTimeoutMs: 1000, keepAliveMs: 1000 });
  const asked = stream ? { stream_options: { include_usage: true } } : {};
  let output = '';
  const way = {
    onAnswer: () => undefined,
    data: (text: string) => void (output += text),
    isCongested: () => false,
    onceWritable: () => undefined,
  };
  try {
    const result = await callUpstream({
      client,
      adapter: providers[type].create({}),
      request: { method: 'POST', url: `${baseUrl}/`, headers: {}, body: '{}' },
      body: asked,
      plan: planWith({ baseUrl, stream: contentType !== 'application/json' }),
      sink: stream ? streamSink(way, asked) : wholeSink(way, asked, createCollection()),
      signal: new AbortController().signal,
      onHold: () => undefined,
      firstTokenMs: 5000,
      idleMs: 5000,
      wholeMs: 10_000,
      remainingMs: 10_000,
      maxEventBytes: 1_000_000,
      maxBodyBytes: 1_000_000,
      onGap: () => undefined,
      onHead: () => undefined,
      onThrow: () => undefined,
      now: () => performance.now(),
    });
    return { result, output } satisfies Served;
  } finally {
    await client.close();
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
}

describe('a recorded answer over a socket', () => {
  it.each([undefined, 61, 7])('reaches the client unchanged if it is a clean stream (pieces of %s)', async (bytes) => {
    const { result, output } = await serve(openaiStream, true, bytes);
    const lines = openaiStream.body.toString('utf8').match(/^data: \{.*$/gm) ?? [];
    expect(lines.length).toBeGreaterThan(3);
    expect(output).toBe(lines.map((line) => `${line}\n\n`).join(''));
    expect(result).toMatchObject({
      kind: 'complete',
      events: lines.length,
      summary: { finishReason: 'stop', responseModel: 'gpt-4-0613', usage: { total_tokens: 17 } },
    });
  });

  it.each([undefined, 61, 7])('is translated from lines of JSON (pieces of %s)', async (bytes) => {
    const { result, output } = await serve(ollamaStream, true, bytes);
    expect(output).toContain('"content":"Why"');
    expect(result).toMatchObject({
      kind: 'complete',
      summary: { responseModel: 'llama3', usage: { total_tokens: 67 } },
    });
  });

  it.each([undefined, 61, 7])(
    'is translated from events without blank lines at the end (pieces of %s)',
    async (bytes) => {
      const unterminated = { ...geminiStream, body: Buffer.from(geminiStream.body.toString('utf8').trimEnd()) };
      const { result, output } = await serve(unterminated, true, bytes);
      expect(output).toContain('"content":" capital of Wyoming"');
      expect(result).toMatchObject({
        kind: 'complete',
        summary: { finishReason: 'stop', responseModel: 'gemini-2.0-flash', usage: { total_tokens: 17 } },
      });
    },
  );

  it.each([undefined, 61, 7])('is translated from lines of events (pieces of %s)', async (bytes) => {
    const { result, output } = await serve(bailianStream, true, bytes);
    expect(output).toContain('"content":"Hél"');
    expect(output).toContain('"content":"lo 世界 🌍"');
    expect(result).toMatchObject({
      kind: 'complete',
      summary: { finishReason: 'stop', responseModel: 'qwen-plus', usage: { total_tokens: 25 } },
    });
  });

  it.each([undefined, 61, 7])('is collected for a client that wants a whole answer (pieces of %s)', async (bytes) => {
    const { output } = await serve(ollamaStream, false, bytes);
    expect(JSON.parse(output)).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { content: expect.stringMatching(/^Why did .* face!\)$/s) }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 17, completion_tokens: 50 },
    });
  });

  it.each([undefined, 61, 7])('reaches the client unchanged if it is clean and whole (pieces of %s)', async (bytes) => {
    const { result, output } = await serve(openaiWhole, false, bytes);
    expect(JSON.parse(output)).toEqual(JSON.parse(openaiWhole.body.toString('utf8')));
    expect(result).toMatchObject({ kind: 'complete', events: 1 });
  });

  it.each([undefined, 61, 7])('is a failure with the status of its error (pieces of %s)', async (bytes) => {
    const { result, output } = await serve(openaiError, true, bytes);
    expect(output).toBe('');
    expect(result).toMatchObject({ kind: 'failed', events: 0, failure: { kind: 'not_found', status: 404 } });
  });
});
