import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { chooseFormat, type Logger, type Render } from '@sluice/telemetry';

/** Status and JSON body of a page. */
export interface Page {
  readonly status: number;
  readonly body: object;
}

export interface ManagementServerNeeds {
  readonly host: string;
  /** Port; 0 takes a free one. */
  readonly port: number;
  /** True if another port may replace an occupied one. */
  readonly mayTakeAnother: boolean;
  /** Renders the metrics; the rendering is shared among all requests. */
  readonly metrics: Render;
  readonly livez: () => Page;
  /** Returns whether this replica may get work. */
  readonly readyz: () => Page;
  readonly health: () => Page;
  readonly status: () => Page | Promise<Page>;
  readonly logger: Pick<Logger, 'warn'>;
}

/** Management port of a running service. */
export interface ManagementServer {
  readonly port: number;
  /** Ends all connections and stops listening. */
  close(): void;
}

const jsonType = 'application/json; charset=utf-8';
const timeoutMs = 10_000;
const maxConnections = 256;
/**
 * Maximum of unanswered requests per connection. Scrapers send one at a time; Node would accept and buffer any number.
 */
const mostUnanswered = 16;

/**
 * Serves probes, status and metrics on a separate port: for the cluster, never for clients, and so without a key.
 *
 * @throws Error when it cannot listen
 */
export async function startManagementServer(needs: ManagementServerNeeds): Promise<ManagementServer> {
  const pages = { '/livez': needs.livez, '/readyz': needs.readyz, '/health': needs.health, '/status': needs.status };
  const unanswered = new WeakMap<Socket, number>();
  const server = createServer(
    { headersTimeout: timeoutMs, requestTimeout: timeoutMs, connectionsCheckingInterval: 1000 },
    (request, response) => {
      const { socket } = request;
      const count = (unanswered.get(socket) ?? 0) + 1;
      unanswered.set(socket, count);
      if (count > mostUnanswered) return void socket.destroy();
      response.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
      answer(request, response);
    },
  );
  server.maxConnections = maxConnections;

  function answer(request: IncomingMessage, response: ServerResponse): void {
    // Probes that join a base URL and a path, both with a slash, request `//livez`.
    const path = (request.url?.split('?')[0] ?? '/').replaceAll(/\/{2,}/g, '/');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return sendJson(response, {
        status: 405,
        body: { status: 'only GET and HEAD are allowed on the management port' },
      });
    }
    if (path === '/metrics') return sendMetrics(request, response);
    for (const [name, page] of Object.entries(pages)) if (name === path) return void show(response, page);
    sendJson(response, {
      status: 404,
      body: { status: `no page at ${path}; the pages are /metrics, ${Object.keys(pages).join(', ')}` },
    });
  }

  async function show(response: ServerResponse, page: () => Page | Promise<Page>): Promise<void> {
    try {
      sendJson(response, await page());
    } catch {
      sendJson(response, { status: 500, body: { status: 'the page could not be created' } });
    }
  }

  function sendMetrics({ headers }: IncomingMessage, response: ServerResponse): void {
    needs.metrics(chooseFormat(headers.accept)).then(
      ({ contentType, body }) => response.writeHead(200, { 'content-type': contentType }).end(body),
      () => sendJson(response, { status: 500, body: { status: 'the metrics could not be rendered' } }),
    );
  }

  await listen(server, needs);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function sendJson(response: ServerResponse, { status, body }: Page): void {
  response.writeHead(status, { 'content-type': jsonType }).end(JSON.stringify(body));
}

async function listen(server: Server, { host, port, mayTakeAnother, logger }: ManagementServerNeeds): Promise<void> {
  try {
    await listenOn(server, host, port);
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    if (!isTaken || !mayTakeAnother) throw error;
    await listenOn(server, host, 0);
    logger.warn(
      { taken: port, port: (server.address() as AddressInfo).port },
      'the default management port is taken; another one is used: set METRICS_PORT for each process',
    );
  }
}

function listenOn(server: Server, host: string, port: number): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
