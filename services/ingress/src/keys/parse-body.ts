import { GatewayError } from '@sluice/protocol';
import type { Request, RequestHandler } from 'express';
import type { z } from 'zod';
import type { BodyHold } from '../middleware/body-budget.ts';
import { bodySizeOf } from '../middleware/body-size.ts';
import { requireJson } from '../middleware/media-type.ts';
import { readBody } from '../middleware/read-body.ts';

const mostBytes = 64 * 1024;

/** Bodies this small, of administrators, need no place in the budget of the process. */
const freeHold: BodyHold = {
  grow: () => undefined,
  bytes: () => 0,
  isStored: () => true,
  stored: () => undefined,
  release: () => undefined,
};

/** Reads the small JSON body of a request of an administrator; a request without one has an empty object. */
export const readSmallJson: RequestHandler = async (request, _response, next) => {
  const size = bodySizeOf(request);
  if (request.headers.expect !== undefined) _response.writeContinue();
  const bytes = await readBody(request, { ...size, maxBytes: mostBytes, maxInflationRatio: 20, hold: freeHold });
  if (bytes.length > 0) requireJson(request, true);
  request.body = bytes.length === 0 ? {} : parseJson(bytes);
  next();
};

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new GatewayError('invalid_json', { message: 'The request body is not valid JSON.', cause: error });
  }
}

/**
 * Validates a body that {@link readSmallJson} has read.
 * @throws GatewayError 400 that names the field at fault; the message does not repeat its value
 */
export function parseBody<Schema extends z.ZodType>(schema: Schema, request: Request): z.output<Schema> {
  const body: unknown = request.body;
  const { success, data, error } = schema.safeParse(body);
  if (success) return data;
  const [issue] = error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const path = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])];
  const param = path
    .map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at === 0 ? '' : '.'}${String(step)}`))
    .join('')
    .slice(0, 128);
  if (param === '') throw new GatewayError('invalid_request', { message: 'The request body must be a JSON object.' });
  if (unknown !== undefined) {
    throw new GatewayError('invalid_value', { param, message: `There is no parameter '${param}'.` });
  }
  throw new GatewayError('invalid_value', { param, message: `Invalid '${param}': ${issue?.message ?? ''}.` });
}
