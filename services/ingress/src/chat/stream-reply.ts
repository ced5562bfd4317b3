import type { ServerResponse } from 'node:http';
import { toEnvelope } from '@sluice/protocol';
import { createClientWriter } from '../sse/client-writer.ts';
import { createHeartbeat, type Heartbeat, heartbeatLine } from '../sse/heartbeat.ts';
import type { Reply } from './reply.ts';

export interface StreamReplyOptions {
  readonly response: ServerResponse;
  /** Sets the headers that are known when the status line goes out. */
  readonly setHeaders: () => void;
  /** Time for which the status line is held for the first event. */
  readonly holdMs: number;
  readonly heartbeatMs: number;
  readonly pauseAtBytes: number;
  readonly cutAtBytes: number;
  readonly stallMs: number;
  readonly onPause: () => void;
  readonly onResume: () => void;
  readonly onCut: () => void;
  readonly now: () => number;
}

/**
 * Streams the answer as server-sent events. The status line is held until the first event, so that failures before it
 * are HTTP errors which SDKs retry; after it, a failure is an error event and the end without `[DONE]`.
 */
export function createStreamReply(options: StreamReplyOptions): Reply {
  const { response } = options;
  let isOpen = false;
  let heartbeat: Heartbeat | undefined;
  const hold = setTimeout(() => {
    open();
    ping();
  }, options.holdMs);
  const client = createClientWriter(options);

  function open(): void {
    if (isOpen) return;
    isOpen = true;
    clearTimeout(hold);
    options.setHeaders();
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    });
    heartbeat = createHeartbeat({ everyMs: options.heartbeatMs, onSilence: ping, now: options.now });
  }

  function ping(): void {
    client.write(heartbeatLine);
  }

  function close(): void {
    clearTimeout(hold);
    heartbeat?.stop();
  }

  return {
    onData(text) {
      open();
      heartbeat?.touch();
      client.write(text);
    },
    onEnd() {
      open();
      close();
      client.end('data: [DONE]\n\n');
    },
    onError(error) {
      close();
      if (!isOpen) return false;
      client.end(`data: ${JSON.stringify(toEnvelope(error))}\n\n`);
      return true;
    },
    close,
  };
}
