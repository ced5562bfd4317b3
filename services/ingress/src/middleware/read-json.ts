import { isUtf8 } from 'node:buffer';
import { type KeyLimits, type Peek, teamKeyId } from '@sluice/admission';
import type { Config } from '@sluice/config';
import { GatewayError, inspectJson, type JsonLimits, tooManyTokens } from '@sluice/protocol';
import type { Request, RequestHandler, Response } from 'express';
import { setRateHeaders } from '../inference/rate-headers.ts';
import { refusalError } from '../inference/refusal-error.ts';
import { principalOf, setBodyHold } from '../context.ts';
import type { BodyBudget, BodyHold } from './body-budget.ts';
import { bodySizeOf, isSmall } from './body-size.ts';
import { requireJson } from './media-type.ts';
import { readBody } from './read-body.ts';
import type { TokenBuckets } from './token-buckets.ts';

/** A request body, as bytes and parsed. */
export interface JsonBody {
  /** Inflated, valid UTF-8. The queue gets these bytes, so no text is made from them again. */
  readonly bytes: Buffer;
  readonly value: unknown;
}

export interface ReadJsonNeeds {
  readonly server: Pick<Config['server'], 'maxBodyBytes' | 'maxInflationRatio' | 'largeBodyBytes'>;
  readonly budget: BodyBudget;
  /** A bucket for each key, in mebibytes: bodies that are read and then refused take from it. */
  readonly refusedBodies: TokenBuckets;
  readonly peek: Peek;
}

/** Limits for the bodies of a route, checked before they are parsed. */
export interface BodyShape {
  readonly limits: Required<JsonLimits>;
  /** Creates the error for a body with too many elements. */
  readonly tooManyElements: () => GatewayError;
}

/** Above any real request; millions of elements would block the event loop. */
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

const messagesLimits = { ...usualLimits, maxMembers: 50_000 };

/** For the sessions of coding agents: each of a thousand calls of tools has some fifteen members. */
export const messagesShape: BodyShape = { limits: messagesLimits, tooManyElements: () => tooWide(messagesLimits) };

/**
 * For inputs as tokens, of which a request may have 300,000. Numbers cost the parser little, so more elements are
 * allowed, but fewer lists and objects. A body above these limits has too many tokens, or is an attack.
 */
export const embeddingsShape: BodyShape = {
  limits: { ...usualLimits, maxElements: 400_000, maxOpenings: 20_000 },
  tooManyElements: tooManyTokens,
};

const mebibyte = 1024 * 1024;

/**
 * Returns the function that creates the readers of all routes, which share one budget. A reader reads the body within
 * the budget, checks its shape, and parses it only then: JSON that is nested a thousand levels deep parses, but
 * overflows the stack of code that walks it.
 *
 * A small plain body is read at once: admission checks its key's limits. Before any other body is read, the limits of
 * the key are checked, so that a key at its limit costs no megabytes.
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
    // Only now may a client that waits for `100 Continue` send its body.
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
 * Returns a function that resolves for one large body in each turn of the event loop: twenty bodies that end together
 * would otherwise block it for the sum of their parsing times.
 */
function createTurns(): () => Promise<void> {
  let last = Promise.resolve();
  return () => (last = last.then(() => new Promise((resolve) => setImmediate(resolve))));
}

/** Takes the body out of the request, so that its values can be freed before the answer ends. */
export function takeJson(request: Request): JsonBody {
  const body = request.body as JsonBody;
  request.body = undefined;
  return body;
}

/** Puts a body back, or another one in its place. */
export function putJson(request: Request, body: JsonBody): void {
  request.body = body;
}

function refuseTheRefused(refusedBodies: TokenBuckets, keyId: string): void {
  if (!refusedBodies.isEmpty(keyId)) return;
  throw new GatewayError('rate_limit_exceeded', {
    message:
      'Too many large requests of this API key were refused in the last minute, so this one is not read. Send valid requests, or wait.',
    retryAfterMs: refusedBodies.waitMs(keyId),
  });
}

/** @throws GatewayError 429, as admission would, if the key or its team is at one of its limits */
async function askLimits({ peek, budget }: ReadJsonNeeds, response: Response): Promise<void> {
  const principal = principalOf(response);
  const { keyId, limits, team } = principal;
  const reading = budget.heldBy(keyId) - 1;
  if (hasLimit(limits)) {
    const { refusal, rates } = await peek({ keyId, limits, reading });
    setRateHeaders(response, rates);
    if (refusal !== undefined) throw refusalError({ ...refusal, principal });
  }
  if (team !== undefined && hasLimit(team.limits)) {
    // The bodies of the team's other keys do not count: admission decides.
    const { refusal } = await peek({ keyId: teamKeyId(team.id), limits: team.limits, reading });
    if (refusal !== undefined) throw refusalError({ ...refusal, principal, scope: 'team' });
  }
}

const hasLimit = ({ concurrency, rpm, tpm }: KeyLimits): boolean => (concurrency ?? rpm ?? tpm) !== undefined;

interface Charged {
  readonly keyId: string;
  readonly hold: BodyHold;
  readonly response: Response;
}

/** Charges the key for a body that is read and then refused, unless the gateway is at fault (5xx). */
function chargeIfRefused(refusedBodies: TokenBuckets, { keyId, hold, response }: Charged): void {
  response.once('close', () => {
    if (!hold.isStored() && response.statusCode < 500)
      refusedBodies.take(keyId, 1 + Math.floor(hold.bytes() / mebibyte));
  });
}

/** Maximum size at which a body that is not an object is parsed, for a better error message. */
const maxNonObjectBytes = 64 * 1024;
const openCurly = 0x7b;
const blanks: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

function beginsAsObject(bytes: Buffer): boolean {
  return bytes.subarray(0, maxNonObjectBytes).find((byte) => !blanks.has(byte)) === openCurly;
}

/**
 * Parses bytes whose shape fits into the limits.
 * @throws GatewayError 400 or 413 that says what is wrong
 */
export function toJson(bytes: Buffer, { limits, tooManyElements }: BodyShape): JsonBody {
  if (bytes.length === 0) {
    throw new GatewayError('invalid_json', { message: 'The request has no body; it must have a JSON object.' });
  }
  if (bytes.length > maxNonObjectBytes && !beginsAsObject(bytes)) {
    throw new GatewayError('invalid_json', { message: 'The request body is not valid JSON: it must be an object.' });
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
