/** A process like a worker: creates a trace with all kinds of spans, prints the values for its parent, then ends. */
import { createInterface } from 'node:readline/promises';
import {
  attemptSpan,
  firstChunkEvent,
  httpResponseAttributes,
  httpServerSpan,
  inferenceResultAttributes,
  inferenceSpan,
  principalAttributes,
  processSpan,
  queueWaitSpan,
  sendSpan,
  shutdownTelemetry,
  startSpan,
} from '@sluice/telemetry';

const traceparent = process.env['TEST_TRACEPARENT'];

function emit(): string | undefined {
  const server = startSpan({
    ...httpServerSpan({
      method: 'POST',
      route: '/v1/chat/completions',
      path: '/v1/chat/completions',
      requestId: 'req-1',
      userAgent: process.env['TEST_CANARY'],
    }),
    parent: { traceparent },
  });
  server.set(principalAttributes('team-a'));
  const send = startSpan({ ...sendSpan({ queue: 'chat', messageId: 'req-1' }), parent: server });
  const job = send.carrier();
  send.end();
  const work = startSpan({ ...processSpan({ queue: 'chat', messageId: 'req-1', epoch: 1 }), parent: job });
  const now = Date.now();
  startSpan({ ...queueWaitSpan({ queue: 'chat' }), parent: work, startTimeMs: now - 1500 }).end(now);
  const chat = startSpan({
    ...inferenceSpan({ operation: 'chat', providerType: 'gemini', model: 'demo', stream: true }),
    parent: work,
  });
  const attempt = startSpan({
    ...attemptSpan({
      method: 'POST',
      url: `https://api.example.com/v1/chat?key=${process.env['TEST_CANARY']}`,
      resendCount: 1,
      upstream: 'sim',
      credentialId: 'a',
    }),
    parent: chat,
  });
  attempt.set(httpResponseAttributes(503));
  attempt.fail({ code: 'upstream_error', message: `refused with ${process.env['TEST_CANARY']}` });
  attempt.end();
  chat.event(firstChunkEvent);
  chat.set(inferenceResultAttributes({ cacheWriteTokens: 7, inputTokens: 9, finishReasons: ['stop'] }));
  chat.end();
  work.end();
  server.end();
  return attempt.carrier().traceparent;
}

process.stdout.write(`${JSON.stringify({ attempt: emit() })}\n`);
if (process.env['TEST_KEEP_EMITTING'] !== undefined) {
  const timer = setInterval(emit, 10);
  const input = createInterface({ input: process.stdin });
  await new Promise((resolve) => input.once('line', resolve));
  clearInterval(timer);
  input.close();
}
const stopAt = performance.now();
await shutdownTelemetry(Number(process.env['TEST_SHUTDOWN_MS'] ?? 5000));
process.stdout.write(`${JSON.stringify({ shutdownMs: performance.now() - stopAt })}\n`);
const loaded: unknown = Reflect.get(globalThis, 'loadedModules');
process.stdout.write(`${JSON.stringify({ loaded: loaded ?? [] })}\n`);
process.exit(0);
