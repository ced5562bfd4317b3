import { createServer, type Server } from 'node:http';
import type { WorkerMetrics } from '@sluice/telemetry';

export interface AdminServerNeeds {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly metrics: Pick<WorkerMetrics, 'render'>;
  readonly isReady: () => boolean;
  readonly state: () => Readonly<Record<string, unknown>>;
}

/** The worker's own small server: probes and metrics, for the cluster and not for clients. */
export async function startAdminServer({ host, port, metrics, isReady, state }: AdminServerNeeds): Promise<Server> {
  const server = createServer((request, response) => {
    const send = (status: number, contentType: string, body: string): void => {
      response.writeHead(status, { 'content-type': contentType });
      response.end(body);
    };
    const sendJson = (status: number, value: unknown): void => send(status, 'application/json', JSON.stringify(value));
    switch (request.url) {
      case '/livez':
        return sendJson(200, { status: 'ok' });
      case '/readyz':
        return isReady() ? sendJson(200, { status: 'ready' }) : sendJson(503, { status: 'not ready' });
      case '/health':
        return sendJson(200, { status: isReady() ? 'ok' : 'degraded', ...state() });
      case '/metrics':
        metrics.render().then(
          ({ contentType, body }) => send(200, contentType, body),
          () => sendJson(500, { status: 'metrics failed' }),
        );
        return;
      default:
        return sendJson(404, { status: 'there is nothing at this URL' });
    }
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return server;
}
