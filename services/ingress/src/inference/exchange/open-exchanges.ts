import type { ErrorCode } from '@sluice/protocol';
import {
  createExchange,
  type Exchange,
  type ExchangeListener,
  type ExchangeNeeds,
  type ExchangeRequest,
} from './exchange.ts';

/** The requests of this ingress that have not ended: a worker may work on each. */
export interface OpenExchanges {
  begin(request: ExchangeRequest, listener: ExchangeListener): Exchange;
  readonly size: number;
  /** Looks for the run of each request, after a possible loss of data in Redis. */
  requeueAll(): void;
  /** Ends each request with this error. */
  failAll(code: ErrorCode): void;
  /** Ends each request of a client key with this error. */
  failAllOf(keyId: string, code: ErrorCode): void;
  /** Resolves when the requests that are open now have ended. */
  allEnded(): Promise<unknown>;
}

export function createOpenExchanges(needs: ExchangeNeeds): OpenExchanges {
  /** The exchanges with the id of their client key. */
  const open = new Map<Exchange, string>();
  return {
    begin(request, listener) {
      const exchange = createExchange(needs, request, listener);
      open.set(exchange, request.job.tenant);
      void exchange.ended.then(() => open.delete(exchange));
      return exchange;
    },
    get size() {
      return open.size;
    },
    requeueAll() {
      for (const exchange of open.keys()) exchange.requeue();
    },
    failAll(code) {
      for (const exchange of open.keys()) exchange.fail(code);
    },
    failAllOf(keyId, code) {
      for (const [exchange, tenant] of open) if (tenant === keyId) exchange.fail(code);
    },
    allEnded: () => Promise.all([...open.keys()].map(({ ended }) => ended)),
  };
}
