import { createServer, type RequestListener, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { type ErrorCode, GatewayError, toEnvelope } from '@sluice/protocol';

/** Headers must be there after this time, and the whole request after that: slow senders hold no connection for long. */
const headersTimeoutMs = 10_000;
const requestTimeoutMs = 60_000;
/** Longer than the load balancers in front keep theirs, so that never both ends close at once. */
const keepAliveMs = 75_000;

/** Listens for clients; resolves when it does. */
export async function listen(
  app: RequestListener,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Server> {
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveMs,
      noDelay: true,
    },
    app,
  );
  server.on('clientError', answerClientError);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return server;
}

const statusTexts: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  413: 'Content Too Large',
};

/** Answers what Node's parser refused before express saw it: in the envelope, and then the connection ends. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const refusal = refusalOf(error.code);
  const body = JSON.stringify(toEnvelope(refusal));
  socket.end(
    `HTTP/1.1 ${refusal.status} ${statusTexts[refusal.status] ?? 'Error'}\r\n` +
      `content-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `connection: close\r\n\r\n${body}`,
  );
}

function refusalOf(nodeCode: string | undefined): GatewayError {
  const table: Readonly<Record<string, readonly [ErrorCode, string]>> = {
    ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 'The request did not arrive in time.'],
    HPE_HEADER_OVERFLOW: ['request_too_large', 'The request headers are too large.'],
  };
  const [code, message] = table[nodeCode ?? ''] ?? ['invalid_request', 'The request is not valid HTTP.'];
  return new GatewayError(code, { message });
}
