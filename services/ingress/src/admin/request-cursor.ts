import { GatewayError } from '@sluice/protocol';
import type { RequestCursor } from '@sluice/store';
import { z } from 'zod';
import { earliestTime, latestTime } from './read-query.ts';

const cursorSchema = z.tuple([z.number().int().min(earliestTime).max(latestTime), z.string().max(256)]);

/** Returns a place in the list as a text for URLs. */
export const encodeCursor = ({ arrivedAt, id }: RequestCursor): string =>
  Buffer.from(JSON.stringify([arrivedAt, id])).toString('base64url');

/** @throws GatewayError 400 for a text that `encodeCursor` did not make */
export function decodeCursor(text: string): RequestCursor {
  const { success, data } = cursorSchema.safeParse(parse(Buffer.from(text, 'base64url').toString('utf8')));
  if (!success) {
    throw new GatewayError('invalid_value', {
      message: "The parameter 'after' must be the `next` of a page.",
      param: 'after',
    });
  }
  const [arrivedAt, id] = data;
  return { arrivedAt, id };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
