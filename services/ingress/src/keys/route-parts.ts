import type { IngressConfig } from '@sluice/config';
import { GatewayError } from '@sluice/protocol';
import type { Request, RequestHandler, Response } from 'express';
import type { ShowNeeds } from './key-object.ts';
import type { KeyService } from './key-service.ts';

export interface KeyRoutesNeeds {
  readonly config: Pick<IngressConfig, 'keys' | 'teams' | 'limits'>;
  readonly service: KeyService;
  /** Lets only administrators pass. */
  readonly requireAdmin: RequestHandler;
}

export interface KeyRouteNeeds extends KeyRoutesNeeds {
  readonly show: ShowNeeds;
}

interface ChangeAnswer {
  readonly service: KeyService;
  readonly response: Response;
  readonly status: number;
}

/** Answers after the change has reached Redis, so that every replica has it within a second of the answer. */
export async function answerChange({ service, response, status }: ChangeAnswer, body: object): Promise<void> {
  const isPublished = await service.publish();
  // Caches must not keep a secret.
  response.setHeader('cache-control', 'no-store');
  response.status(status).json(isPublished ? body : { ...body, published: false });
}

export const listObject = (data: readonly object[], after: string | undefined) => ({
  object: 'list' as const,
  data,
  has_more: after !== undefined,
  next_after: after ?? null,
});

/** Without a database there are only those of the file: a list of them is complete. */
export const unlessNone = async <Value>(
  { hasDatabase }: KeyService,
  otherwise: Value,
  ask: () => Promise<Value>,
): Promise<Value> => (hasDatabase ? await ask() : otherwise);

export function idOf(request: Request): string {
  const id: unknown = request.params['id'];
  return typeof id === 'string' ? id.slice(0, 64) : '';
}

export const unknownCursor = (): GatewayError =>
  new GatewayError('invalid_value', { param: 'after', message: "Invalid 'after': there is no entry with this id." });
