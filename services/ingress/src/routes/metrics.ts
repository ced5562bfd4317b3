import type { Exposition } from '@sluice/telemetry';
import type { RequestHandler } from 'express';

/** `GET /metrics`: Prometheus text. */
export function metrics(render: () => Promise<Exposition>): RequestHandler {
  return async (_request, response) => {
    const { contentType, body } = await render();
    response.setHeader('content-type', contentType);
    response.end(body);
  };
}
