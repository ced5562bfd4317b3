import { createServer } from 'node:http';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import { type ErrorCode, GatewayError, toEnvelope } from '@sluice/protocol';
import type { Listener } from './direct-routes.ts';
import { createOpenRequests } from './open-requests.ts';
import { limitPipelines } from './pipeline-limit.ts';

/** Interval at which Node looks for connections that have timed out. Its default, 30 s, would turn 10 s into 40 s. */
const checkingMs = 1000;
const makeRoomEveryMs = 1000;

/** The HTTP server for clients. */
export interface ClientServer {
  readonly port: number;
  /** True if a POST has come within this time, or a request of any kind is open. */
  isBusy(withinMs: number): boolean;
  /** Resolves when no request is open, and none may follow at once. */
  idle(): Promise<void>;
  /**
   * From now on each connection ends soon after its last running answer. The head of that answer has been sent without
   * `connection: close`, so the client may send its next request here.
   */
  endWithAnswers(): void;
  /** Refuses new connections. Open ones stay, idle ones too: a request may be under way on one of them. */
  stopListening(): void;
  /** Ends all connections and stops listening. */
  close(): void;
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** Maximum number of open connections. A further one is closed, together with all that have no request. */
  readonly maxConnections: number;
  /** Longer than the keep-alive of the load balancers in front, so that the two ends do not close at the same time. */
  readonly keepAliveMs: number;
  /** Time limits for the headers, and for the whole request: slow senders do not hold connections for long. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** Requests of one connection that run at once; more wait. */
  readonly maxPipelinedRequests: number;
  /** A connection closes if its client reads nothing for this time while requests wait behind unread answers. */
  readonly slowClientMs: number;
  /** Called when a connection was closed because there were too many. */
  readonly onDropped: () => void;
}

/** Starts to listen for clients; resolves when the port is open. */
export async function listen(app: Listener, options: ListenOptions): Promise<ClientServer> {
  const server = createServer(
    {
      headersTimeout: options.headersTimeoutMs,
      requestTimeout: options.requestTimeoutMs,
      connectionsCheckingInterval: checkingMs,
      keepAliveTimeout: options.keepAliveMs,
      noDelay: true,
      // `require-host.ts` refuses with the error envelope instead.
      requireHostHeader: false,
      IncomingMessage: app.IncomingMessage,
      ServerResponse: app.ServerResponse,
    },
    limitPipelines(app.listener, { maxRequests: options.maxPipelinedRequests, stallMs: options.slowClientMs }),
  );
  server.maxConnections = options.maxConnections;
  server.on('drop', makeRoom);
  // `read-json.ts` answers `100-continue` when it is ready for the body.
  server.on('checkContinue', (request, response) => server.emit('request', request, response));
  // `refuse-expectation.ts` refuses any other expectation, after the middleware that sets headers.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  let roomMadeAt = -Infinity;
  /** Closes idle connections, which would otherwise keep out clients that have a request. */
  function makeRoom(): void {
    options.onDropped();
    const now = performance.now();
    // `closeIdleConnections` visits every connection.
    if (now - roomMadeAt < makeRoomEveryMs) return;
    roomMadeAt = now;
    server.closeIdleConnections();
  }
  const open = createOpenRequests();
  let lastPostAt = -Infinity;
  server.on('request', (request, response) => {
    if (request.method === 'POST') lastPostAt = performance.now();
    open.add(request, response);
  });
  server.on('clientError', answerClientError);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    isBusy: (withinMs) => open.count > 0 || performance.now() - lastPostAt < withinMs,
    idle: open.idle,
    endWithAnswers: open.endWithAnswers,
    stopListening() {
      // The close of an HTTP server ends idle connections as well.
      NetServer.prototype.close.call(server);
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const statusTexts: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  413: 'Content Too Large',
};

/** Answers a request that Node's parser refused with the error envelope, and ends the connection. */
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
