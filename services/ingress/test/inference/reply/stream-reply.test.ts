import { GatewayError } from '@sluice/protocol';
import { ServerResponse, IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createStreamReply } from '../../../src/inference/reply/stream-reply.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** Resolves when the texts of this turn are sent. */
const turnEnd = (): Promise<void> =>
  new Promise((resolve) => {
    process.nextTick(resolve);
  });

function setUp(costOf?: () => number, settled?: () => Promise<void>) {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  const written: string[] = [];
  const heads: number[] = [];
  vi.spyOn(response, 'write').mockImplementation((text: unknown) => written.push(String(text)) > 0);
  vi.spyOn(response, 'end').mockImplementation((text?: unknown) => {
    written.push(String(text));
    return response;
  });
  vi.spyOn(response, 'writeHead').mockImplementation((status: number) => {
    heads.push(status);
    return response;
  });
  const setHeaders = vi.fn<() => void>();
  const needs = {
    response,
    setHeaders,
    promptTokens: 1,
    costOf,
    kept: undefined,
    server: {
      holdMs: 1000,
      heartbeatMs: 300,
      pauseAtBytes: 1000,
      slowClientBytes: 10_000,
      slowClientMs: 5000,
    },
    onPause: () => undefined,
    onResume: () => undefined,
    onCut: () => undefined,
    now: () => performance.now(),
  };
  const reply = createStreamReply(needs, undefined, settled);
  return { reply, written, heads, setHeaders };
}

describe('a streamed reply', () => {
  it('tells its cost in the last event, if the client asks', () => {
    const { reply, written } = setUp(() => 1_234_567);
    reply.onData('data: {"id":"c","created":7,"model":"m","choices":[]}\n\n');
    reply.onEnd();
    expect(written.join('')).toBe(
      'data: {"id":"c","created":7,"model":"m","choices":[]}\n\n' +
        'data: {"id":"c","object":"chat.completion.chunk","created":7,"model":"m","choices":[],"sluice":{"cost_usd":1.234567}}\n\n' +
        'data: [DONE]\n\n',
    );
  });

  it('ends when what it stored can be read, and not before', async () => {
    const storing = Promise.withResolvers<void>();
    const { reply, written } = setUp(undefined, () => storing.promise);
    reply.onData('data: 1\n\n');
    reply.onEnd();
    await turnEnd();
    expect(written).toEqual(['data: 1\n\n']);
    storing.resolve();
    await storing.promise;
    expect(written).toEqual(['data: 1\n\n', 'data: [DONE]\n\n']);
  });

  it('holds the status line until the first event', () => {
    const { reply, written, heads, setHeaders } = setUp();
    vi.advanceTimersByTime(999);
    expect(heads).toEqual([]);
    reply.onData('data: 1\n\n');
    reply.onData('data: 2\n\n');
    reply.onEnd();
    expect(written).toEqual(['data: 1\n\ndata: 2\n\ndata: [DONE]\n\n']);
    expect(heads).toEqual([200]);
    expect(setHeaders).toHaveBeenCalledOnce();
  });

  it('sends the status line with a heartbeat when the first event is late', async () => {
    const { written, heads } = setUp();
    vi.advanceTimersByTime(1000);
    await turnEnd();
    expect([heads, written]).toEqual([[200], [': ping\n']]);
  });

  it('sends heartbeats during silence, and none after its end', async () => {
    const { reply, written } = setUp();
    reply.onData('data: 1\n\n');
    await turnEnd();
    vi.advanceTimersByTime(300);
    await turnEnd();
    expect(written).toEqual(['data: 1\n\n', ': ping\n']);
    reply.onEnd();
    vi.advanceTimersByTime(3000);
    expect(written.at(-1)).toBe('data: [DONE]\n\n');
  });

  it('leaves an error before the status line to the HTTP error', () => {
    const { reply, written, heads } = setUp();
    expect(reply.onError(new GatewayError('upstream_error'))).toBe(false);
    vi.advanceTimersByTime(3000);
    expect([written, heads]).toEqual([[], []]);
  });

  it('ends with an error event and without [DONE] when it fails later', async () => {
    const { reply, written } = setUp();
    reply.onData('data: 1\n\n');
    await turnEnd();
    expect(reply.onError(new GatewayError('upstream_error', { message: 'boom' }))).toBe(true);
    expect(written).toHaveLength(2);
    expect(JSON.parse(written[1]?.replace('data: ', '') ?? '')).toMatchObject({
      error: { code: 'upstream_error', message: 'boom' },
    });
    vi.advanceTimersByTime(3000);
    expect(written).toHaveLength(2);
  });

  it('is complete without any event', () => {
    const { reply, written, heads } = setUp();
    reply.onEnd();
    expect([heads, written]).toEqual([[200], ['data: [DONE]\n\n']]);
  });

  it('sends nothing more once it is closed', async () => {
    const { reply, written } = setUp();
    reply.onData('data: 1\n\n');
    reply.close();
    vi.advanceTimersByTime(3000);
    await turnEnd();
    expect(written).toEqual(['data: 1\n\n']);
  });
});
