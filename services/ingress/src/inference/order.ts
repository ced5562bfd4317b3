import type { IngressConfig } from '@sluice/config';
import { compressedMessagesAttribute } from '@sluice/telemetry';
import type { IncomingHttpHeaders } from 'node:http';
import type { NativeRequest, Operation as OperationName } from '@sluice/protocol';
import type { ThinkingMode } from '@sluice/answers';
import type { Client } from '../context.ts';
import type { JsonBody } from '../middleware/read-json.ts';
import { setShapeHeaders } from './answer-headers.ts';
import type { AnswerForms } from './reply/answer-form.ts';
import type { Operation, Shape } from './operation.ts';
import type { Reservation } from './reservation.ts';
import { type ModelEntry, resolveModel } from './resolve-model.ts';

/** A valid request, fitted to its model, with everything that later steps need. */
export interface Order extends Shape {
  readonly operation: OperationName;
  /** Name that the client gives to the model. */
  readonly model: string;
  readonly stream: boolean;
  /** Targets that can serve the model. */
  readonly targets: ModelEntry['targets'];
  /** Form of the reasoning that the client gets. */
  readonly thinking: ThinkingMode;
  readonly reservation: Reservation;
  /** The request in the client's own protocol, if a target speaks it. */
  readonly native: NativeRequest | undefined;
  /** Forms of the answer; undefined for a chat answer. */
  readonly forms: AnswerForms | undefined;
  /** Returns the surface's name for a field of a chat request; absent if the names are the same. */
  readonly fieldName?: ((chatField: string) => string) | undefined;
}

/**
 * Validates a request, resolves its model and shapes its body.
 * @throws GatewayError 400 for a wrong field, 403 or 404 for the model
 */
export function prepareOrder<Request>(
  config: IngressConfig,
  operation: Operation<Request>,
  { value, bytes }: JsonBody,
  { response, principal, observation }: Pick<Client, 'response' | 'principal' | 'observation'>,
): Order {
  const { request, model, stream, parameters, forms } = operation.parse(value, response);
  if (parameters !== undefined) observation.asked(parameters);
  const entry = resolveModel(config, principal, model);
  observation.model(model, entry.id, stream);

  const isSpoken = isSpokenBy(config, operation, entry);
  const { request: shaped, ...shape } = operation.shape(request, bytes, entry, isSpoken);
  const { body, droppedMessages, maxContinuations } = shape;
  setShapeHeaders(response, { stream, droppedMessages, maxContinuations });
  if (droppedMessages > 0) {
    observation.dropped(droppedMessages);
    observation.span.set(compressedMessagesAttribute(droppedMessages));
  }
  const isChanged = droppedMessages > 0 || maxContinuations > 0;
  const { headers } = response.req;
  const native = isChanged || !isSpoken ? undefined : toNative(operation, bytes, headers);
  return {
    operation: operation.name,
    model,
    stream,
    targets: entry.targets,
    thinking: principal.thinking ?? entry.thinking,
    ...shape,
    reservation: operation.reserve(shaped, body.length),
    native,
    forms,
    fieldName: operation.fieldName,
  };
}

/** Returns whether a target speaks the client's own protocol. */
const isSpokenBy = (
  { upstreams }: Pick<IngressConfig, 'upstreams'>,
  { native }: Pick<Operation<never>, 'native'>,
  { targets }: Pick<ModelEntry, 'targets'>,
): boolean =>
  native !== undefined &&
  targets.some((target) =>
    upstreams.some(({ id, type }) => id === target.upstream && native.upstreamTypes.includes(type)),
  );

/** Returns the client's own request. */
function toNative(
  { native }: Pick<Operation<never>, 'native'>,
  bytes: Buffer,
  headers: IncomingHttpHeaders,
): NativeRequest | undefined {
  if (native === undefined) return undefined;
  return { protocol: native.protocol, headers: native.headersOf(headers), body: bytes.toString('utf8') };
}
