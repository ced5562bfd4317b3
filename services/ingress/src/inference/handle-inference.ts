import type { Admission } from '@sluice/admission';
import type { IngressConfig } from '@sluice/config';
import { type Answered, GatewayError } from '@sluice/protocol';
import { type IngressMetrics, sendSpan, startSpanOf } from '@sluice/telemetry';
import type { RequestHandler } from 'express';
import { bodyStored, type Client, clientOf, findBodyCopies, findContinuation, findKeptRequest } from '../context.ts';
import { takeJson } from '../middleware/read-json.ts';
import { openAccounting, type RequestAccounting } from './accounting/accounting.ts';
import { type CostBounds } from './accounting/money.ts';
import { requirePrice } from './accounting/require-price.ts';
import { admitOrder } from './admit-order.ts';
import { setAnswerHeaders } from './answer-headers.ts';
import { createDelivery, type Delivery } from './delivery.ts';
import type { FailureFacts } from './exchange/exchange.ts';
import type { OpenExchanges } from './exchange/open-exchanges.ts';
import { toExchangeRequest } from './exchange-request.ts';
import type { Operation } from './operation.ts';
import { type Order, prepareOrder } from './order.ts';
import { createFormedReply } from './reply/formed-reply.ts';
import type { Reply, ReplyNeeds } from './reply/reply.ts';
import { settle } from './settle.ts';

export interface InferenceNeeds {
  readonly config: IngressConfig;
  readonly admission: Pick<Admission, 'acquire'>;
  readonly exchanges: Pick<OpenExchanges, 'begin'>;
  readonly ingressId: string;
  readonly costBounds: CostBounds;
  readonly metrics: Pick<IngressMetrics, 'clientTooSlow' | 'keySpent' | 'streamOpened' | 'streamClosed'>;
  /** Called with an unexpected error, for the log. */
  readonly onInternal: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * Handles the requests to models: steps 6 to 16 of docs/architecture.md.
 * While a request waits, only the bytes of its body stay in memory; the parsed request is garbage after `prepareOrder`.
 */
export function handleInference<Request>(needs: InferenceNeeds, operation: Operation<Request>): RequestHandler {
  const { costBounds, now } = needs;
  const isRecorded = needs.config.database !== undefined;
  return (request, response) => {
    const client = clientOf(response);
    const order = prepareOrder(needs.config, operation, takeJson(request), client);
    requirePrice(needs.config, costBounds, order, client.principal);
    const accounting = openAccounting({ isRecorded, costBounds, now }, order, client, request.headers);
    return answerOrder(needs, { order, accounting, createReply: replyOf(operation, order) }, client);
  };
}

const replyOf = ({ reply }: Pick<Operation<never>, 'reply'>, { forms }: Pick<Order, 'forms'>) =>
  forms === undefined ? reply : (needs: ReplyNeeds): Reply => createFormedReply(needs, forms);

/** The client asks for the cost in the last event of a stream. */
const wantsCost = ({ req }: Client['response']): boolean => req.headers['x-sluice-include-cost'] === 'true';

interface Prepared {
  readonly order: Order;
  readonly accounting: RequestAccounting | undefined;
  readonly createReply: (needs: ReplyNeeds) => Reply;
}

/** @throws GatewayError if the request fails before anything is sent, so that it becomes an HTTP error */
async function answerOrder(
  needs: InferenceNeeds,
  { order, accounting, createReply }: Prepared,
  client: Client,
): Promise<void> {
  const { config, metrics, onInternal, now } = needs;
  const { response, signal, observation } = client;
  const kept = findKeptRequest(response);
  const admitted = await admitOrder(needs, order, client, accounting);

  const send = startSpanOf(() => sendSpan({ queue: 'chat', messageId: client.requestId }), {
    parent: observation.span,
  });
  const written = createReply({
    response,
    stream: order.stream,
    thinking: order.thinking,
    promptTokens: order.reservation.prompt,
    server: config.server,
    setHeaders: () => tellSource(order, client, { delivery, elapsedMs: now() - client.startedAt }),
    costOf: wantsCost(response) ? () => delivery.end()?.costMicros ?? 0 : undefined,
    copies: findBodyCopies(response),
    kept,
    onPause: () => exchange.pause(),
    onResume: () => exchange.resume(),
    onCut() {
      metrics.clientTooSlow();
      if (kept === undefined) delivery.clientCut();
    },
    now,
  });
  const reply = findContinuation(response)?.keep(written, order.stream) ?? written;
  const sentAt = (): number | undefined => exchange.sentAt();
  const delivery = createDelivery({ response, observation, reply, fieldName: order.fieldName, sentAt, onInternal });
  const exchange = needs.exchanges.begin(
    toExchangeRequest({ config, ingressId: needs.ingressId, order, client, admitted, carrier: send.carrier() }),
    delivery.listener,
  );
  // The lease lasts until no worker works on the request, which can be after its client has left.
  const settleWith = (facts: FailureFacts): void =>
    metrics.keySpent(client.principal.name, settleOrder({ order, accounting, client, admitted, delivery }, facts));
  // The error of a request that could not be queued comes right after its end.
  void exchange.ended.then((facts) => void (delivery.ending() ? settleWith(facts) : setImmediate(settleWith, facts)));
  const onClientLeft = (): void => {
    // Other clients may be waiting for the answer, or come for it later.
    if (kept !== undefined) return exchange.resume();
    delivery.clientLeft();
    exchange.cancel();
  };
  signal.addEventListener('abort', onClientLeft);
  if (order.stream) metrics.streamOpened();
  try {
    observation.queued();
    await exchange.submit();
    bodyStored(response);
    send.end();
    await delivery.replied;
  } catch (error) {
    if (error instanceof GatewayError) {
      send.fail(error);
      delivery.notQueued(error);
    }
    throw error;
  } finally {
    send.end();
    reply.close();
    signal.removeEventListener('abort', onClientLeft);
    if (order.stream) metrics.streamClosed();
  }
}

interface Source {
  readonly delivery: Pick<Delivery, 'answered' | 'end'>;
  /** Time since the request arrived. */
  readonly elapsedMs: number;
}

function tellSource(order: Order, { response }: Pick<Client, 'response'>, { delivery, elapsedMs }: Source): void {
  setAnswerHeaders(response, { ...order, elapsedMs, answered: delivery.answered(), end: delivery.end() });
}

interface SettledOrder {
  readonly order: Order;
  readonly accounting: RequestAccounting | undefined;
  readonly client: Client;
  readonly admitted: Awaited<ReturnType<typeof admitOrder>>;
  readonly delivery: Delivery;
}

/** Settles a request that no worker works on any more. Returns its cost in micro-dollars. */
const settleOrder = ({ order, accounting, client, admitted, delivery }: SettledOrder, facts: FailureFacts): number =>
  settle({
    lease: admitted.lease,
    reservation: order.reservation,
    consumption: delivery.consumption(facts),
    accounting,
    ending: delivery.ending() ?? lostInQueue,
    course: () => ({ ...courseOf(client.observation), ...servedBy(delivery.answered()) }),
  });

/** End of a request whose error no step has reported. */
const lostInQueue = { outcome: 'error', status: 500, code: 'internal_error' } as const;

function courseOf(observation: Client['observation']): { queueWaitMs: number | undefined; ttftMs: number | undefined } {
  const { queueWaitMs, ttftMs } = observation.course();
  return { queueWaitMs: rounded(queueWaitMs), ttftMs: rounded(ttftMs) };
}

const servedBy = (answered: Answered | undefined): { servedModel?: string; upstream?: string } =>
  answered === undefined ? {} : { servedModel: answered.model, upstream: answered.upstream };

const rounded = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : Math.round(ms));
