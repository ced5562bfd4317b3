import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CallPlan, type ChatBody, type ProviderAdapter } from '@sluice/providers';
import { createUpstreamClient } from '@sluice/upstream';
import { createCollection, streamSink, wholeSink } from '../../src/answer/answer-sink.ts';
import type { AttemptResult } from '../../src/attempt/attempt-result.ts';
import { callUpstream } from '../../src/upstream.ts';
import type { Recording } from './recording.ts';
import { type Chunk, type Completion, readChunk, readCompletion } from './openai-objects.ts';

/** The answer that a client gets. */
export interface Replayed {
  readonly result: AttemptResult;
  /** Chunks of a stream. */
  readonly chunks: readonly Chunk[];
  /** A whole answer. */
  readonly completion: Completion | undefined;
}

export interface ReplayOptions {
  readonly adapter: ProviderAdapter;
  readonly recording: Recording;
  readonly body?: ChatBody;
  readonly plan?: Partial<CallPlan>;
  /** The client wants a stream. Default: true for a recorded stream. */
  readonly stream?: boolean;
  /** The positions at which the body is cut into writes, in bytes. Default: nowhere. */
  readonly cuts?: readonly number[];
}

/**
 * Serves a recording over a real socket and returns the worker's answer for the client.
 * @throws Error if a chunk or the whole answer does not conform to OpenAI's document
 */
export async function replay({
  adapter,
  recording,
  body = {},
  plan,
  cuts = [],
  ...rest
}: ReplayOptions): Promise<Replayed> {
  const stream = rest.stream ?? !recording.name.endsWith('.json');
  const server = createServer((_request, response) => {
    response.writeHead(recording.status, { 'content-type': recording.contentType });
    void sendPieces(
      pieces(recording.body, cuts),
      (piece) => new Promise((sent) => response.write(piece, () => sent())),
    ).then(() => response.end());
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createUpstreamClient({ connectTimeoutMs: 1000, keepAliveMs: 1000 });
  const fullPlan: CallPlan = {
    model: 'asked-for',
    baseUrl,
    apiKey: 'key',
    stream,
    reportStreamUsage: true,
    requestId: 'request',
    startedAtMs: 1_700_000_000_000,
    newId: () => '00000000-0000-4000-8000-000000000000',
    keepsThinkingMarkup: false,
    ...plan,
  };
  const asked = { ...(stream ? { stream_options: { include_usage: true } } : {}), ...body };
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
      adapter,
      request: { method: 'POST', url: `${baseUrl}/`, headers: {}, body: '{}' },
      body: asked,
      plan: fullPlan,
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
    return stream
      ? { result, chunks: dataOf(output).map(readChunk), completion: undefined }
      : { result, chunks: [], completion: output === '' ? undefined : readCompletion(output) };
  } finally {
    await client.close();
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
}

/** Numbers in [0, length) for `cuts`, the same for the same seed. */
export function randomCuts(length: number, seed: number): readonly number[] {
  const cuts: number[] = [];
  let state = seed;
  for (let at = 0; at < length;) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    at += 1 + (state % 97);
    cuts.push(at);
  }
  return cuts;
}

function pieces(body: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const bounds = [0, ...cuts.filter((at) => at > 0 && at < body.length), body.length];
  return bounds.slice(1).map((end, at) => body.subarray(bounds[at], end));
}

async function sendPieces(list: readonly Buffer[], send: (piece: Buffer) => Promise<void>): Promise<void> {
  for (const piece of list) {
    await send(piece);
    // Lets the reader's side of the loop have this piece alone.
    await new Promise((next) => setImmediate(next));
  }
}

function dataOf(sse: string): readonly string[] {
  return sse
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) =>
      event
        .split('\n')
        .map((line) => line.replace(/^data: /, ''))
        .join('\n'),
    );
}
