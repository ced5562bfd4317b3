import { chooseFormat, type Render } from '@sluice/telemetry';
import type { RequestHandler } from 'express';

/** `GET /metrics`: Prometheus text, or OpenMetrics for scrapers that ask for it. */
export function metrics(render: Render): RequestHandler {
  return async (request, response) => {
    const { contentType, body } = await render(chooseFormat(request.get('accept')));
    response.setHeader('content-type', contentType);
    response.end(body);
  };
}
