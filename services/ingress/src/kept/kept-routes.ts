import { type RequestHandler, Router } from 'express';
import { z } from 'zod';
import { readQuery } from '../admin/read-query.ts';
import { principalOf } from '../context.ts';
import { GatewayError } from '@sluice/protocol';
import { surfaces } from '../inference/surfaces.ts';
import { useErrorForm } from '../middleware/use-error-form.ts';
import { methodNotAllowed } from '../routes/not-found.ts';
import { showAnswer, type ShowAnswerNeeds } from './show-answer.ts';

export interface KeptRoutesNeeds extends ShowAnswerNeeds {
  /** Identifies the client. */
  readonly asClient: readonly RequestHandler[];
}

const query = z.strictObject({ starting_after: z.coerce.number().int().nonnegative().default(0) });

const attachable: ReadonlySet<string> = new Set(['/chat/completions', '/messages', '/responses']);

/** Streams of answers that are kept, for any number of viewers with the key of the first one. */
export function keptRoutes({ asClient, ...needs }: KeptRoutesNeeds): Router {
  const show: RequestHandler = async (request, response) => {
    const id = String(request.params['id']);
    const { starting_after: startingAfter } = readQuery(query, request);
    response.setHeader('x-sluice-replayed', 'true');
    const place = { id, keyId: principalOf(response).keyId };
    const shown = await showAnswer(needs, { place, startingAfter, response });
    if (shown === 'lost') throw new GatewayError('answer_lost');
    if (shown === 'missing') {
      throw new GatewayError('answer_not_found', { message: `There is no answer '${id.slice(0, 80)}' here.` });
    }
  };
  const router = Router();
  for (const { path: surface, errorForm } of surfaces.filter((surface) => attachable.has(surface.path))) {
    const path = `${surface}/:id/stream`;
    router
      .route(path)
      .all(useErrorForm(errorForm))
      .get(...asClient, show)
      .all(methodNotAllowed('GET'));
  }
  return router;
}
