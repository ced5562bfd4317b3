import type { Config } from '@sluice/config';
import { type ChatJob, firstRetryState } from '@sluice/protocol';
import type { Client } from '../context.ts';
import type { Admitted } from './admit.ts';
import type { ExchangeRequest } from './exchange/exchange.ts';
import type { Order } from './order.ts';

export interface AdmittedOrder {
  readonly config: Pick<Config, 'limits' | 'timeouts'>;
  readonly ingressId: string;
  readonly order: Order;
  readonly client: Pick<Client, 'requestId' | 'principal'>;
  readonly admitted: Pick<Admitted, 'redisNow'>;
  /** Trace context for the worker. */
  readonly carrier: Pick<ChatJob, 'traceparent' | 'tracestate'>;
}

/** Returns the first run of an admitted request, with its time limits. */
export function toExchangeRequest(admittedOrder: AdmittedOrder): ExchangeRequest {
  const { config, ingressId, order, client, admitted, carrier } = admittedOrder;
  const remainingMs = order.stream ? config.timeouts.streamTotalMs : config.timeouts.totalMs;
  return {
    job: {
      requestId: client.requestId,
      epoch: 1,
      ingressId,
      tenant: client.principal.keyId,
      model: order.model,
      stream: order.stream,
      operation: order.operation,
      ...(order.mayDrop === undefined ? {} : { mayDrop: [...order.mayDrop] }),
      ...(order.thinking === 'raw' ? { keepsThinkingMarkup: true } : {}),
      state: firstRetryState,
      ...carrier,
    },
    body: order.body,
    ...(order.native === undefined ? {} : { native: order.native }),
    deadlineAt: admitted.redisNow + remainingMs,
    remainingMs,
    maxQueueWaitMs: config.limits.maxQueueWaitMs,
  };
}
