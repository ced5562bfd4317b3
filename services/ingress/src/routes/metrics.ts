import type { IngressMetrics } from '@sluice/telemetry';
import type { RequestHandler } from 'express';

/** `GET /metrics`: Prometheus text. */
export function metrics(recorded: Pick<IngressMetrics, 'render'>): RequestHandler {
  return async (_request, response) => {
    const { contentType, body } = await recorded.render();
    response.setHeader('content-type', contentType);
    response.end(body);
  };
}
