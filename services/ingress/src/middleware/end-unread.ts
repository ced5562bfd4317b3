import type { IncomingMessage, ServerResponse } from 'node:http';

/** Time for the client to read its answer, which an earlier reset of the connection would lose. */
const lingerMs = 1000;
/** Maximum number of further bytes of the client that are read and dropped. */
const discardBytes = 1024 * 1024;

/** An answer to a request whose body stays unread. */
export interface UnreadAnswer {
  readonly body: string;
  /** Called when the operating system has taken the answer. */
  readonly onTaken: () => void;
}

/** Sends a JSON answer to a request whose body stays unread, and ends the connection. */
export function endUnread(request: IncomingMessage, response: ServerResponse, { body, onTaken }: UnreadAnswer): void {
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.setHeader('content-length', Buffer.byteLength(body));
  response.setHeader('connection', 'close');
  // Sends the whole answer; only the end of the connection waits.
  response.write(body, onTaken);
  let left = discardBytes;
  const timer = setTimeout(end, lingerMs);
  request.on('data', discard);
  request.once('end', end);
  response.once('close', end);

  function discard(chunk: Buffer): void {
    left -= chunk.length;
    if (left > 0) return;
    request.off('data', discard);
    request.pause();
  }

  function end(): void {
    clearTimeout(timer);
    request.off('data', discard);
    response.end();
  }
}
