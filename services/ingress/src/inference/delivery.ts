import type { ServerResponse } from 'node:http';
import { type Answered, type End, GatewayError } from '@sluice/protocol';
import type { ExchangeListener, FailureFacts } from './exchange/exchange.ts';
import { nameFields } from './name-fields.ts';
import type { Observation } from './observe/observe.ts';
import type { Reply } from './reply/reply.ts';
import type { Consumption, Ending } from './settle.ts';

/** Passes an answer on to the client, and records the usage. */
export interface Delivery {
  readonly listener: ExchangeListener;
  /**
   * Resolves when the client has got an end of the answer, or has left. Rejects with a GatewayError if the request
   * fails before anything is sent, so that it becomes an HTTP error.
   */
  readonly replied: Promise<void>;
  /** The worker's report on the latest attempt. */
  answered(): Answered | undefined;
  /** The end of the answer, if it is complete. */
  end(): End | undefined;
  /** Called when the client has left: nothing more is written. */
  clientLeft(): void;
  /** Called when the client was disconnected because it was too slow. */
  clientCut(): void;
  /** Called with the error of a request that could not be queued. */
  notQueued(error: GatewayError): void;
  /** The end of the answer as the client knows it; undefined before it, and for a request that could not be queued. */
  ending(): Ending | undefined;
  /** @param facts for a request whose answer is not complete */
  consumption(facts: FailureFacts): Consumption;
}

export interface DeliveryNeeds {
  readonly response: Pick<ServerResponse, 'headersSent' | 'setHeader'>;
  readonly observation: Observation;
  readonly reply: Reply;
  /** Returns the surface's name for a field of a chat request; absent if the names are the same. */
  readonly fieldName?: ((chatField: string) => string) | undefined;
  /** Returns the time at which a worker sent the frame that is being handled, in ms since 1970; undefined without one. */
  readonly sentAt: () => number | undefined;
  /** Called with an unexpected error, for the log. */
  readonly onInternal: (error: unknown) => void;
}

export function createDelivery(needs: DeliveryNeeds): Delivery {
  const { response, observation, reply, fieldName, sentAt, onInternal } = needs;
  const { promise: replied, resolve: done, reject } = Promise.withResolvers<void>();
  // An error can come while the request is still being submitted, before any caller awaits this promise.
  replied.catch(() => undefined);
  let answered: Answered | undefined;
  let ending: Ending | undefined;
  let complete: { readonly end: End; readonly attempts: number } | undefined;

  /** Ends the answer even if the reply throws: by an error event, a status, or a broken connection. */
  function onError(failed: GatewayError, { attempts, failure }: Pick<FailureFacts, 'attempts' | 'failure'>): void {
    const error = nameFields(failed, fieldName);
    let isTold = false;
    try {
      isTold = reply.onError(error);
    } catch (cause) {
      onInternal(cause);
    }
    const status = isTold ? 200 : error.status;
    ending ??= { outcome: 'error', status, code: error.code };
    observation.failed(error, { attempts, failure, status, sentAt: sentAt() });
    if (isTold) return done();
    if (attempts > 0 && !response.headersSent) response.setHeader('x-sluice-attempts', attempts);
    reject(error);
  }

  return {
    listener: {
      onStarted: () => observation.started(sentAt()),
      onRerun: observation.rerun,
      onAnswered(meta) {
        answered = meta;
        observation.answered(meta);
        reply.onAnswered?.(meta);
      },
      onData(text) {
        observation.data(sentAt);
        reply.onData(text);
      },
      onEnd(end) {
        complete = { end, attempts: answered?.attempts ?? 1 };
        try {
          reply.onEnd();
        } catch (cause) {
          onInternal(cause);
          return onError(new GatewayError('internal_error', { cause }), { attempts: answered?.attempts ?? 0 });
        }
        ending ??= { outcome: 'complete', status: 200 };
        observation.complete(end, sentAt());
        done();
      },
      onError,
    },
    replied,
    answered: () => answered,
    end: () => complete?.end,
    clientLeft() {
      reply.close();
      ending ??= { outcome: 'cancelled', status: 499, code: 'request_cancelled' };
      observation.cancelled();
      done();
    },
    clientCut() {
      ending ??= { outcome: 'error', status: 200, code: 'client_too_slow' };
      observation.failed(new GatewayError('client_too_slow'), { attempts: answered?.attempts ?? 0, status: 200 });
    },
    notQueued: ({ status, code }) => void (ending ??= { outcome: 'error', status, code }),
    ending: () => ending,
    consumption: (facts) => (complete === undefined ? { kind: 'failed', facts } : { kind: 'complete', ...complete }),
  };
}
