import type { Admission } from '@sluice/admission';
import type { IngressConfig } from '@sluice/config';
import { GatewayError, type Operation } from '@sluice/protocol';
import { admissionWaitSpan, compressedMessagesAttribute, startSpanOf } from '@sluice/telemetry';
import type { Response } from 'express';
import { contextOf, observationOf, principalOf } from '../context.ts';
import { admit, type Admitted, type AdmitRequest } from './admit.ts';
import { converse, type ConverseNeeds } from './converse.ts';
import type { Observation } from './observe.ts';
import { setRateHeaders } from './rate-headers.ts';
import { type ModelEntry, resolveModel } from './resolve-model.ts';
import type { Submission } from './submission.ts';

export interface ServeNeeds extends ConverseNeeds {
  readonly config: IngressConfig;
  readonly admission: Admission;
}

/** A request that has been validated. */
export interface ValidRequest {
  readonly operation: Operation;
  /** As the client named it. */
  readonly model: string;
  readonly stream: boolean;
  /** Returns the part of it that is sent to a model of this configuration. */
  readonly submission: (entry: ModelEntry) => Submission;
}

/**
 * Finds the model, admits the request, hands it over to a worker and replies. While the request waits, only its bytes
 * stay in memory: the parsed request can be freed as soon as this function returns its promise.
 */
export function serve(needs: ServeNeeds, response: Response, request: ValidRequest): Promise<void> {
  const { operation, model, stream } = request;
  const entry = resolveModel(needs.config, principalOf(response), model);
  observationOf(response).model(model, entry.id, stream);
  return serveSubmission(needs, response, { operation, model, stream, entry, submission: request.submission(entry) });
}

interface Prepared extends Omit<ValidRequest, 'submission'> {
  readonly entry: ModelEntry;
  readonly submission: Submission;
}

async function serveSubmission(
  needs: ServeNeeds,
  response: Response,
  { operation, model, stream, entry, submission }: Prepared,
): Promise<void> {
  const { config, admission } = needs;
  const { requestId, signal } = contextOf(response);
  const principal = principalOf(response);
  const observation = observationOf(response);
  const { body, reservation, droppedMessages, maxContinuations } = submission;
  if (droppedMessages > 0) {
    response.setHeader('x-sluice-compressed-messages', droppedMessages);
    observation.span.set(compressedMessagesAttribute(droppedMessages));
  }
  // The actual number is not known when a stream begins.
  if (stream && maxContinuations > 0) response.setHeader('x-sluice-auto-continue', maxContinuations);

  const admitted = await admitObserved(admission, observation, {
    requestId,
    keyId: principal.keyId,
    limits: principal.limits,
    weight: principal.weight,
    tokens: reservation.total,
    maxWaitMs: config.limits.maxQueueWaitMs,
    signal,
    now: needs.now,
    onRates: (rates) => setRateHeaders(response, rates),
  });
  await converse(needs, {
    response,
    observation,
    admitted,
    reservation,
    model,
    stream,
    operation,
    thinking: principal.thinking ?? entry.thinking,
    maxContinuations,
    body,
  });
}

async function admitObserved(admission: Admission, observation: Observation, request: AdmitRequest): Promise<Admitted> {
  const span = startSpanOf(admissionWaitSpan, { parent: observation.span });
  try {
    const admitted = await admit(admission, request);
    observation.admitted(admitted.waitedMs);
    return admitted;
  } catch (error) {
    if (error instanceof GatewayError) span.fail(error);
    throw error;
  } finally {
    span.end();
  }
}
