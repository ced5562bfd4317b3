import type { Config } from '@sluice/config';
import { type Answered, firstRetryState, GatewayError, type Operation } from '@sluice/protocol';
import { type IngressMetrics, sendSpan, startSpanOf } from '@sluice/telemetry';
import type { ThinkingMode } from '@sluice/thinking';
import type { Response } from 'express';
import { bodyStored, contextOf, principalOf } from '../context.ts';
import type { Admitted } from './admit.ts';
import { createExchange, type Exchange, type ExchangeNeeds, type FailureFacts } from './exchange.ts';
import type { Reservation } from './measure-prompt.ts';
import type { Observation } from './observe.ts';
import type { Reply } from './reply.ts';
import { type Consumption, settle } from './settle.ts';
import { createStreamReply } from './stream-reply.ts';
import { withThinking } from './thinking-reply.ts';
import { createWholeReply } from './whole-reply.ts';

export interface ConverseNeeds extends ExchangeNeeds {
  readonly ingressId: string;
  readonly server: Config['server'];
  readonly limits: Config['limits'];
  readonly timeouts: Config['timeouts'];
  readonly metrics: IngressMetrics;
  /** A fault of ours, for the log. */
  readonly onInternal: (error: unknown) => void;
  /** Every exchange that is under way, for the drain. */
  readonly openExchanges: Set<Exchange>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** An admitted request and its client. */
export interface Conversation {
  readonly response: Response;
  readonly observation: Observation;
  readonly admitted: Admitted;
  readonly reservation: Reservation;
  /** As the client named it. */
  readonly model: string;
  readonly stream: boolean;
  readonly operation: Operation;
  /** The form in which the client sees reasoning. */
  readonly thinking: ThinkingMode;
  /** Calls that may write on where the answer has met its limit; 0 = none. */
  readonly maxContinuations: number;
  /** The request as it is sent. */
  readonly body: Buffer;
}

/**
 * Answers an admitted request, from the queue to the last byte for the client, and gives its place back.
 * @throws GatewayError when it failed before anything was sent, so that it becomes an HTTP error
 */
export async function converse(needs: ConverseNeeds, conversation: Conversation): Promise<void> {
  const { response, observation, admitted, reservation, model, stream, operation } = conversation;
  const { requestId, signal } = contextOf(response);
  const { keyId: tenant } = principalOf(response);
  const { promise: replied, resolve: done, reject } = Promise.withResolvers<void>();
  const totalMs = stream ? needs.timeouts.streamMs : needs.timeouts.wholeMs;
  // An error may come before the submission is through, and nobody waits for it yet.
  replied.catch(() => undefined);
  let answered: Answered | undefined;
  let consumption: Consumption | undefined;

  const send = startSpanOf(() => sendSpan({ queue: 'chat', messageId: requestId }), { parent: observation.span });
  const exchange = createExchange(
    needs,
    {
      job: {
        requestId,
        epoch: 1,
        ingressId: needs.ingressId,
        tenant,
        model,
        stream,
        operation,
        ...(conversation.thinking === 'raw' ? { keepsThinkingMarkup: true } : {}),
        state: firstRetryState,
        ...send.carrier(),
      },
      body: conversation.body,
      deadlineAt: admitted.redisNow + totalMs,
      remainingMs: totalMs,
      queueWaitMs: needs.limits.maxQueueWaitMs,
    },
    {
      onStarted: observation.started,
      onRerun: observation.rerun,
      onAnswered(meta) {
        answered = meta;
        observation.answered(meta);
      },
      onData(text) {
        observation.data();
        reply.onData(text);
      },
      onEnd(end) {
        consumption = { kind: 'complete', end, attempts: answered?.attempts ?? 1 };
        try {
          reply.onEnd();
        } catch (cause) {
          needs.onInternal(cause);
          return onError(new GatewayError('internal_error', { cause }), { attempts: answered?.attempts ?? 0 });
        }
        observation.complete(end);
        done();
      },
      onError,
    },
  );

  /** Tells the client of the end even if the reply throws: by an error event, a status, or a broken connection. */
  function onError(error: GatewayError, { attempts, failure }: Pick<FailureFacts, 'attempts' | 'failure'>): void {
    let isTold = false;
    try {
      isTold = reply.onError(error);
    } catch (cause) {
      needs.onInternal(cause);
    }
    observation.failed(error, { attempts, failure, status: isTold ? 200 : error.status });
    if (isTold) return done();
    if (attempts > 0 && !response.headersSent) response.setHeader('x-sluice-attempts', attempts);
    reject(error);
  }

  const plainReply = createReply(needs, conversation, { exchange, answered: () => answered });
  const reply = withThinking(plainReply, conversation.thinking, stream);

  function onClientGone(): void {
    reply.close();
    observation.cancelled();
    exchange.cancel();
    done();
  }

  signal.addEventListener('abort', onClientGone);
  needs.openExchanges.add(exchange);
  if (stream) needs.metrics.streamOpened();
  void exchange.ended.then((facts) => {
    needs.openExchanges.delete(exchange);
    settle(admitted.lease, reservation, consumption ?? { kind: 'failed', facts });
  });
  try {
    observation.queued();
    await exchange.submit();
    bodyStored(response);
    send.end();
    await replied;
  } catch (error) {
    if (error instanceof GatewayError) send.fail(error);
    throw error;
  } finally {
    send.end();
    reply.close();
    signal.removeEventListener('abort', onClientGone);
    if (stream) needs.metrics.streamClosed();
  }
}

function createReply(
  { server, metrics, now }: ConverseNeeds,
  { response, observation, stream, maxContinuations }: Conversation,
  { exchange, answered }: { exchange: Exchange; answered: () => Answered | undefined },
): Reply {
  const { startedAt } = contextOf(response);
  const setHeaders = (): void => {
    const meta = answered();
    response.setHeader('openai-processing-ms', Math.round(now() - startedAt));
    if (meta === undefined) return;
    response.setHeader('x-sluice-upstream', meta.upstream);
    response.setHeader('x-sluice-attempts', meta.attempts);
    if (!stream && maxContinuations > 0) response.setHeader('x-sluice-continuations', meta.continuations ?? 0);
  };
  if (!stream) return createWholeReply(response, setHeaders);
  return createStreamReply({
    response,
    setHeaders,
    holdMs: server.holdMs,
    heartbeatMs: server.heartbeatMs,
    pauseAtBytes: server.pauseAtBytes,
    cutAtBytes: server.slowClientBytes,
    stallMs: server.slowClientMs,
    onPause: exchange.pause,
    onResume: exchange.resume,
    onCut() {
      metrics.clientTooSlow();
      observation.failed(new GatewayError('client_too_slow'), { attempts: answered()?.attempts ?? 0, status: 200 });
    },
    now,
  });
}
