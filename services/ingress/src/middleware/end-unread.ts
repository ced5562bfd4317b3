import type { IncomingMessage, ServerResponse } from 'node:http';

/** Until the client has read its answer: a connection that is reset before takes the answer with it. */
const lingerMs = 1000;
/** A client that sends on all the while is read so far, into nothing. */
const discardBytes = 1024 * 1024;

/** Sends a JSON answer to a request whose body is not wanted, and ends the connection. */
export function endUnread(request: IncomingMessage, response: ServerResponse, body: string): void {
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.setHeader('content-length', Buffer.byteLength(body));
  response.setHeader('connection', 'close');
  // All of it is sent here; what is put off is the end of the connection.
  response.write(body);
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
