import type { Admission } from '@sluice/admission';
import type { Config } from '@sluice/config';
import { GatewayError, parseChatRequest } from '@sluice/protocol';
import { admissionWaitSpan, startSpan } from '@sluice/telemetry';
import type { RequestHandler } from 'express';
import { admit, type Admitted, type AdmitRequest } from '../chat/admit.ts';
import { converse, type ConverseNeeds } from '../chat/converse.ts';
import { reserveFor } from '../chat/measure-prompt.ts';
import type { Observation } from '../chat/observe.ts';
import { setRateHeaders } from '../chat/rate-headers.ts';
import { resolveModel } from '../chat/resolve-model.ts';
import { contextOf, observationOf, principalOf } from '../context.ts';
import type { JsonBody } from '../middleware/read-json.ts';

export interface ChatCompletionsNeeds extends ConverseNeeds {
  readonly config: Config;
  readonly admission: Admission;
}

/** `POST /v1/chat/completions`: validate, admit, hand over to a worker, reply. */
export function chatCompletions(needs: ChatCompletionsNeeds): RequestHandler {
  const { config, admission } = needs;
  return async (request, response) => {
    const { requestId, signal } = contextOf(response);
    const principal = principalOf(response);
    const observation = observationOf(response);
    const body = request.body as JsonBody;

    const chat = parseChatRequest(body.value);
    const entry = resolveModel(config, principal, chat.model);
    const stream = chat.stream === true;
    observation.model(chat.model, entry.id, stream);

    const reservation = reserveFor(chat, body.bytes.length);
    const admitted = await admitObserved(admission, observation, {
      requestId,
      keyId: principal.keyId,
      limits: principal.limits,
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
      model: chat.model,
      stream,
      body: body.bytes,
    });
  };
}

async function admitObserved(admission: Admission, observation: Observation, request: AdmitRequest): Promise<Admitted> {
  const span = startSpan({ ...admissionWaitSpan(), parent: observation.span });
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
