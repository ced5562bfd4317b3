import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface PipelineLimits {
  /** Requests of one connection that are under way at once. */
  readonly maxRequests: number;
  /** The connection is closed if its client reads nothing for this long while requests wait behind unread answers. */
  readonly stallMs: number;
}

interface Waiting {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Unread answers of one connection beyond which no more are made. */
const maxUnreadBytes = 1024 * 1024;

/**
 * Node hands over all requests that a client has sent in one go, and keeps the answers that it does not read: 70 kB of
 * requests cost gigabytes. Here the requests of a connection wait for each other, and nothing more is read from it
 * while some do.
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
      if (waiting.length > 0 || isPaused) goOnSoon();
    });
    listener(request, response);
  }

  /** Goes on in the next turn of the event loop, so that a row of quick answers does not block other connections. */
  function goOnSoon(): void {
    turn ??= setImmediate(() => {
      turn = undefined;
      goOn();
    });
  }

  function goOn(): void {
    while (mayBegin()) {
      const next = waiting.shift();
      if (next === undefined) break;
      if (!next.response.destroyed) begin(next);
    }
    if (waiting.length > 0 || !isPaused) return;
    isPaused = false;
    clearTimeout(stalled);
    // Node has its own reason to pause, and its parser with it, until the client has read what it is sent.
    if (Reflect.get(socket, '_paused') !== true) socket.resume();
  }

  function pause(): void {
    socket.pause();
    if (isPaused) return;
    isPaused = true;
    watch();
  }

  /** Looks whether the client has read any of what is ready for it. */
  function watch(): void {
    const unread = socket.writableLength;
    stalled = setTimeout(() => {
      if (unread > 0 && socket.writableLength >= unread) socket.destroy();
      else watch();
    }, stallMs);
  }

  // Node resumes the socket when an answer has been sent or a body is wanted; while requests wait it must stay paused.
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
