import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import { type ErrorCode, GatewayError, toEnvelope } from '@sluice/protocol';
import { createOpenRequests } from './open-requests.ts';
import { limitPipelines } from './pipeline-limit.ts';

/** Node looks for connections that have timed out this often. Its default, 30 s, would turn 10 s into 40 s. */
const checkingMs = 1000;
const makeRoomEveryMs = 1000;

/** The server that clients talk to. */
export interface ClientServer {
  readonly port: number;
  /** Returns whether a POST has come within this time, or a request of any kind is open. */
  isBusy(withinMs: number): boolean;
  /** Resolves when no request is open, and none may follow at once. */
  idle(): Promise<void>;
  /**
   * From now on each connection ends soon after the last answer that is under way on it: its head was sent before anybody knew,
   * so that it does not say `connection: close`, and the client would send its next request here.
   */
  endWithAnswers(): void;
  /** Refuses new connections. Those that are there stay, idle ones too: a request may be on its way on one of them. */
  stopListening(): void;
  /** Ends all connections and stops listening. */
  close(): void;
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** Connections at once; more are closed, and those without a request with them. */
  readonly maxConnections: number;
  /** Longer than the load balancers in front keep theirs, so that never both ends close at once. */
  readonly keepAliveMs: number;
  /** Headers must be there after this time, and the whole request after that: slow senders hold no connection for long. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** Requests of one connection at once; more wait. */
  readonly maxPipelinedRequests: number;
  /** The connection is closed if its client reads nothing for this long while requests wait behind unread answers. */
  readonly slowClientMs: number;
  /** A connection was closed because there were too many. */
  readonly onDropped: () => void;
}

/** Listens for clients; resolves when it does. */
export async function listen(app: RequestListener, options: ListenOptions): Promise<ClientServer> {
  const server = createServer(
    {
      headersTimeout: options.headersTimeoutMs,
      requestTimeout: options.requestTimeoutMs,
      connectionsCheckingInterval: checkingMs,
      keepAliveTimeout: options.keepAliveMs,
      noDelay: true,
      // `require-host.ts` refuses in the envelope instead.
      requireHostHeader: false,
    },
    limitPipelines(app, { maxRequests: options.maxPipelinedRequests, stallMs: options.slowClientMs }),
  );
  server.maxConnections = options.maxConnections;
  server.on('drop', makeRoom);
  // Clients that ask before they send a body are told to go on by what reads it.
  server.on('checkContinue', (request, response) => server.emit('request', request, response));
  // `refuse-expectation.ts` refuses any other wish, behind what gives answers their headers.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  let roomMadeAt = -Infinity;
  /** Idle connections are kept for long; they must not keep clients out that have a request. */
  function makeRoom(): void {
    options.onDropped();
    const now = performance.now();
    // It looks at every connection there is.
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
