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
    const body = takeJson(request);
    putJson(request, body);
    const { keyId } = principalOf(response);
    const { pathname } = new URL(request.originalUrl, 'http://local');
    const id = key === undefined ? contextOf(response).requestId : `key-${digestOf(key)}`;
    const digest = digestOf(pathname, String(isNumbered), body.bytes);
    for (;;) {
      const opened = await open({ id, keyId }, digest);
      if (opened.kind === 'opened') {
        response.setHeader('x-sluice-answer-id', id);
        setKeptRequest(response, { writer: opened.writer, isNumbered });
        return next();
      }
      if (opened.digest !== digest) throw keyReused();
      beginReplay(response, id);
      // Its request has failed before its first event, or its owner has died: this request is sent instead.
      if ((await showAnswer(needs, { place: { id, keyId }, startingAfter: 0, response })) === 'shown') return;
    }
  };
}

/** A replay asks no model: it has no log line, and its body is not kept for one. */
function beginReplay(response: Response, id: string): void {
  bodyStored(response);
  const observation = findObservation(response);
  observation?.unlogged();
  observation?.span.end();
  response.setHeader('x-sluice-answer-id', id);
  response.setHeader('x-sluice-replayed', 'true');
}

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
