import { isUtf8 } from 'node:buffer';
import type { Peek, PeekQuestion } from '@sluice/admission';
import type { Config } from '@sluice/config';
import { GatewayError, inspectJson, type JsonLimits, tooManyTokens } from '@sluice/protocol';
import type { Request, RequestHandler, Response } from 'express';
import { setRateHeaders } from '../inference/rate-headers.ts';
import { principalOf, setBodyHold } from '../context.ts';
import type { BodyBudget, BodyHold } from './body-budget.ts';
import { bodySizeOf, isSmall } from './body-size.ts';
import { requireJson } from './media-type.ts';
import { readBody } from './read-body.ts';
import type { TokenBuckets } from './token-buckets.ts';

/** A request body as it came and as it reads. */
export interface JsonBody {
  /** Inflated, valid UTF-8. They go into the queue as they are, not by way of a text. */
  readonly bytes: Buffer;
  readonly value: unknown;
}

export interface ReadJsonNeeds {
  readonly server: Pick<Config['server'], 'maxBodyBytes' | 'maxInflationRatio' | 'largeBodyBytes'>;
  readonly budget: BodyBudget;
  /** For each key, the mebibytes of bodies that may be read and then refused. */
  readonly refusedBodies: TokenBuckets;
  readonly peek: Peek;
}

/** Limits that the bodies of a route must keep before they are parsed. */
export interface BodyShape {
  readonly limits: Required<JsonLimits>;
  /** The refusal of a body with too many elements. */
  readonly tooManyElements: () => GatewayError;
}

/** More than any real request has; millions of elements would block the event loop. */
const usualLimits = {
  maxDepth: 64,
  maxElements: 100_000,
  maxOpenings: 100_000,
  /** Measured: 50,000 members take the parsers of both services 60 to 180 ms; lists of as many items take 5. */
  maxMembers: 25_000,
};

const tooWide = ({ maxElements, maxMembers }: Required<JsonLimits>): GatewayError =>
  new GatewayError('request_too_large', {
    message: `The request body has more than ${maxElements} elements or ${maxMembers} members of objects.`,
  });

export const usualShape: BodyShape = { limits: usualLimits, tooManyElements: () => tooWide(usualLimits) };

/**
 * For inputs that are tokens, of which a request may have 300,000: numbers cost the parser little, so there may be more
 * elements, but fewer of them may be lists or objects. A body beyond that has too many tokens, or means no good.
 */
export const embeddingsShape: BodyShape = {
  limits: { ...usualLimits, maxElements: 400_000, maxOpenings: 20_000 },
  tooManyElements: tooManyTokens,
};

const mebibyte = 1024 * 1024;

/**
 * Returns what makes the readers of all routes, which share one budget. A reader takes the body in within that, looks at
 * its shape and only then parses it: what is nested a thousand deep parses well enough, but breaks whoever walks it
 * afterwards.
 *
 * A small plain body is read at once: its limits are asked in one step when it is there. Before another one is read the
 * key's limits are asked, so that a key at its limit costs no megabytes.
 */
export function createJsonReaders(needs: ReadJsonNeeds): (shape: BodyShape) => RequestHandler {
  const { budget, server } = needs;
  const takeTurn = createTurns();
  return (shape) => async (request, response, next) => {
    const { keyId, isAnonymous } = principalOf(response);
    requireJson(request, !isAnonymous);
    const size = bodySizeOf(request);
    const isCheap = isSmall(size, server.largeBodyBytes);
    const hold = budget.open(keyId);
    response.once('close', () => hold.release());
    if (!isCheap) {
      refuseTheRefused(needs.refusedBodies, keyId);
      await askLimits(needs, response);
      chargeIfRefused(needs.refusedBodies, { keyId, hold, response });
    }
    // Only now is a client that waits for leave to send told to go on.
    if (request.headers.expect !== undefined) response.writeContinue();
    const { maxBodyBytes: maxBytes, maxInflationRatio } = server;
    const bytes = await readBody(request, { ...size, maxBytes, maxInflationRatio, hold });
    setBodyHold(response, hold);
    if (!isCheap) {
      await takeTurn();
      if (response.destroyed) throw new GatewayError('request_cancelled');
      refuseTheRefused(needs.refusedBodies, keyId);
    }
    request.body = toJson(bytes, shape);
    next();
  };
}

/**
 * Parses one large body in each turn of the event loop: twenty that end together would otherwise block it for the time
 * that all of them take.
 */
function createTurns(): () => Promise<void> {
  let last = Promise.resolve();
  return () => (last = last.then(() => new Promise((resolve) => setImmediate(resolve))));
}

/** Takes the body out of the request, which lives as long as the answer, so that its values can be freed earlier. */
export function takeJson(request: Request): JsonBody {
  const body = request.body as JsonBody;
  request.body = undefined;
  return body;
}

function refuseTheRefused(refusedBodies: TokenBuckets, keyId: string): void {
  if (!refusedBodies.isEmpty(keyId)) return;
  throw new GatewayError('rate_limit_exceeded', {
    message:
      'Too many large requests of this API key were refused in the last minute, so this one was not read. Send valid requests, or wait.',
    retryAfterMs: refusedBodies.waitMs(keyId),
  });
}

/** @throws GatewayError 429 as admission would, where the key is at a limit of its own */
async function askLimits({ peek, budget }: ReadJsonNeeds, response: Response): Promise<void> {
  const { keyId, limits } = principalOf(response);
  if ((limits.concurrency ?? limits.rpm ?? limits.tpm) === undefined) return;
  const { refusal, rates } = await peek({ keyId, limits, reading: budget.heldBy(keyId) - 1 });
  setRateHeaders(response, rates);
  if (refusal === undefined) return;
  const { reason, retryAfterMs } = refusal;
  throw reason === 'concurrency'
    ? new GatewayError('concurrency_limit_exceeded', {
        message: `This API key has ${limits.concurrency} requests running, which is its limit.`,
        retryAfterMs,
      })
    : new GatewayError('rate_limit_exceeded', { message: limitReached(reason, limits), retryAfterMs });
}

const limitReached = (reason: 'requests' | 'tokens', { rpm, tpm }: PeekQuestion['limits']): string =>
  `Rate limit reached: ${reason === 'requests' ? `${rpm} requests` : `${tpm} tokens`} per minute.`;

interface Charged {
  readonly keyId: string;
  readonly hold: BodyHold;
  readonly response: Response;
}

/** Charges the key for a body that was read and then refused, unless the refusal was the gateway's fault (5xx). */
function chargeIfRefused(refusedBodies: TokenBuckets, { keyId, hold, response }: Charged): void {
  response.once('close', () => {
    if (!hold.isStored() && response.statusCode < 500)
      refusedBodies.take(keyId, 1 + Math.floor(hold.bytes() / mebibyte));
  });
}

/** A body that is no object is parsed, for a better message, only up to this size. */
const longestOdd = 64 * 1024;
const openCurly = 0x7b;
const blanks: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

function beginsAsObject(bytes: Buffer): boolean {
  return bytes.subarray(0, longestOdd).find((byte) => !blanks.has(byte)) === openCurly;
}

function toJson(bytes: Buffer, { limits, tooManyElements }: BodyShape): JsonBody {
  if (bytes.length === 0) {
    throw new GatewayError('invalid_json', { message: 'The request has no body; a JSON object is wanted.' });
  }
  if (bytes.length > longestOdd && !beginsAsObject(bytes)) {
    throw new GatewayError('invalid_json', { message: 'The request body is not valid JSON: a JSON object is wanted.' });
  }
  if (!isUtf8(bytes)) throw new GatewayError('invalid_encoding', { message: 'The request body is not valid UTF-8.' });
  switch (inspectJson(bytes, limits)) {
    case 'too_deep':
      throw new GatewayError('json_too_deep', {
        message: `The request body is nested more than ${limits.maxDepth} levels deep.`,
      });
    case 'too_many_elements':
      throw tooManyElements();
    case 'too_many_containers':
      throw new GatewayError('request_too_large', {
        message: `The request body has more than ${limits.maxOpenings} lists and objects.`,
      });
    case 'too_many_members':
      throw tooWide(limits);
    case 'ok':
  }
  try {
    return { bytes, value: JSON.parse(bytes.toString('utf8')) as unknown };
  } catch (error) {
    throw new GatewayError('invalid_json', {
      message: `The request body is not valid JSON: ${error instanceof Error ? error.message.slice(0, 120) : ''}`,
      cause: error,
    });
  }
}
