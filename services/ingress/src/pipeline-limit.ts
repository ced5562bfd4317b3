import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface PipelineLimits {
  /** Requests of one connection that run at once. */
  readonly maxRequests: number;
  /** A connection closes if its client reads nothing for this time while requests wait behind unread answers. */
  readonly stallMs: number;
}

interface Waiting {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Unread answer bytes of one connection at which its next request waits. */
const maxUnreadBytes = 1024 * 1024;

/**
 * Bounds the requests of a connection that run at once; the others wait, and nothing is read from the connection
 * meanwhile. Node itself starts all requests that a client pipelines and keeps the answers that the client does not
 * read: 70 kB of requests cost gigabytes.
 */
export function limitPipelines(listener: RequestListener, limits: PipelineLimits): RequestListener {
  const connections = new WeakMap<Socket, Pipeline>();
  return (request, response) => {
    const { socket } = request;
    let pipeline = connections.get(socket);
    if (pipeline === undefined) {
      pipeline = createPipeline(socket, listener, limits);
      connections.set(socket, pipeline);
    }
    pipeline.add({ request, response });
  };
}

interface Pipeline {
  add(exchange: Waiting): void;
}

function createPipeline(socket: Socket, listener: RequestListener, { maxRequests, stallMs }: PipelineLimits): Pipeline {
  const open = new Set<ServerResponse>();
  const waiting: Waiting[] = [];
  let isPaused = false;
  let stalled: NodeJS.Timeout | undefined;
  let turn: NodeJS.Immediate | undefined;

  function mayBegin(): boolean {
    if (open.size === 0) return true;
    if (open.size >= maxRequests) return false;
    let unread = 0;
    for (const response of open) unread += response.writableLength;
    return unread < maxUnreadBytes;
  }

  function begin({ request, response }: Waiting): void {
    open.add(response);
    response.once('close', () => {
      open.delete(response);
      if (waiting.length > 0 || isPaused) beginNextSoon();
    });
    listener(request, response);
  }

  /** Waits for the next turn of the event loop, so that a series of quick answers does not block other connections. */
  function beginNextSoon(): void {
    turn ??= setImmediate(() => {
      turn = undefined;
      beginNext();
    });
  }

  function beginNext(): void {
    while (mayBegin()) {
      const next = waiting.shift();
      if (next === undefined) break;
      if (!next.response.destroyed) begin(next);
    }
    if (waiting.length > 0 || !isPaused) return;
    isPaused = false;
    clearTimeout(stalled);
    // If Node has paused the socket and its parser, it resumes both itself when the client has read its answers.
    if (Reflect.get(socket, '_paused') !== true) socket.resume();
  }

  function pause(): void {
    socket.pause();
    if (isPaused) return;
    isPaused = true;
    watch();
  }

  /** Closes the connection if the client reads nothing for `stallMs`. */
  function watch(): void {
    const unread = socket.writableLength;
    stalled = setTimeout(() => {
      if (unread > 0 && socket.writableLength >= unread) socket.destroy();
      else watch();
    }, stallMs);
  }

  // Node resumes the socket after an answer and for a body, but while requests wait it must stay paused.
  socket.on('resume', () => {
    if (waiting.length > 0) socket.pause();
  });
  socket.once('close', () => {
    clearTimeout(stalled);
    waiting.length = 0;
  });

  return {
    add(exchange) {
      if (waiting.length === 0 && mayBegin()) return begin(exchange);
      waiting.push(exchange);
      pause();
    },
  };
}
