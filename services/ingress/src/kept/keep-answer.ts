import { createHash } from 'node:crypto';
import { type AnswerPlace, type KeptAnswers, processOf } from '@sluice/kept-answers';
import { GatewayError } from '@sluice/protocol';
import type { Request, RequestHandler, Response } from 'express';
import { bodyStored, contextOf, findObservation, principalOf, setKeptRequest } from '../context.ts';
import { putJson, takeJson } from '../middleware/read-json.ts';
import { showAnswer, type ShowAnswerNeeds } from './show-answer.ts';

export interface KeepAnswerNeeds extends ShowAnswerNeeds {
  readonly kept: KeptAnswers;
}

/** OpenAI and Stripe allow as many characters. */
const longestKey = 255;

/**
 * Keeps the answer of a request with an `Idempotency-Key`, or with `x-sluice-resume: 1`. A request with a known key gets the
 * answer of the first one, whether it is running or over; another body under that key is a 422.
 */
export function keepAnswer(needs: KeepAnswerNeeds): RequestHandler {
  const { kept, isAlive } = needs;

  /** Opens the answer; the second time because its owner is gone. */
  async function open(place: AnswerPlace, digest: string): ReturnType<KeptAnswers['open']> {
    const opened = await kept.open(place, digest);
    if (opened.kind === 'opened' || opened.digest !== digest || opened.state !== 'running') return opened;
    return (await isAlive(processOf(opened.owner))) ? opened : kept.open(place, digest, opened.owner);
  }

  return async (request, response, next) => {
    const key = keyOf(request);
    const isNumbered = request.get('x-sluice-resume') === '1';
    if (key === undefined && !isNumbered) return next();
    const { keyId } = principalOf(response);
    const id = key === undefined ? contextOf(response).requestId : `key-${digestOf(key)}`;
    const digest = digestOfRequest(request, isNumbered);
    response.setHeader('x-sluice-answer-id', id);
    const contentType = isJsonList(request) ? jsonList : undefined;
    const onBegin = (): void => beginReplay(request, response);
    for (let tries = 0; tries < mostTries; tries++) {
      const opened = await open({ id, keyId }, digest);
      if (opened.kind === 'opened') {
        setKeptRequest(response, { writer: opened.writer, isNumbered });
        return next();
      }
      if (opened.digest !== digest) throw keyReused();
      // Its request has failed before its first event, or its owner has died: this request is sent instead.
      const place = { id, keyId };
      if ((await showAnswer(needs, { place, startingAfter: 0, response, contentType, onBegin })) !== 'shown') continue;
      // The client has left before the answer began.
      if (!response.headersSent) throw new GatewayError('request_cancelled');
      return;
    }
    throw new GatewayError('answer_lost');
  };
}

/** More tries than owners that can die within the time of one request. Without a bound, an answer that can't be read costs a busy loop. */
const mostTries = 10;

/**
 * A replay asks no model: it has no log line. Until it begins, the request may still have to be sent itself, so its body
 * stays, and counts in the budget of bodies.
 */
function beginReplay(request: Request, response: Response): void {
  takeJson(request);
  bodyStored(response);
  const observation = findObservation(response);
  observation?.unlogged();
  observation?.span.end();
  response.setHeader('x-sluice-replayed', 'true');
}

/** Leaves no reference to the body behind: a replay waits as long as its answer runs. */
function digestOfRequest(request: Request, isNumbered: boolean): string {
  const body = takeJson(request);
  putJson(request, body);
  const { pathname } = new URL(request.originalUrl, 'http://local');
  const form = isJsonList(request) ? 'list' : '';
  return digestOf(pathname, form, String(isNumbered), body.bytes);
}

const jsonList = 'application/json; charset=utf-8';

/** Gemini's API streams one list of JSON, unless the client asks for events. */
const isJsonList = ({ path, query }: Request): boolean =>
  path.endsWith(':streamGenerateContent') && query['alt'] !== 'sse';

function keyOf(request: Request): string | undefined {
  const key = request.get('idempotency-key');
  if (key === undefined) return undefined;
  if (key.length > 0 && key.length <= longestKey && /^[\x20-\x7e]+$/.test(key)) return key;
  throw new GatewayError('invalid_value', {
    param: 'Idempotency-Key',
    message: `Invalid header 'Idempotency-Key': expected 1 to ${longestKey} printable ASCII characters.`,
  });
}

const keyReused = (): GatewayError =>
  new GatewayError('idempotency_key_reused', {
    param: 'Idempotency-Key',
    message: "This 'Idempotency-Key' belongs to another request: its path or its body was different.",
  });

function digestOf(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(String(part.length)).update('\n').update(part);
  return hash.digest('base64url');
}
