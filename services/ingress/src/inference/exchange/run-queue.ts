import { GatewayError, joinNative, type NativeRequest } from '@sluice/protocol';
import type { Submitter } from '@sluice/queue';
import { asRedisAway } from '../../redis-away.ts';
import type { ExchangeCommand, ExchangeEvent, ExchangeState } from './exchange-events.ts';
import { createQueueWatch } from './queue-watch.ts';

/** Carries out the queue commands of an exchange, and reports each result to it as an event. */
export interface RunQueue {
  carryOut(command: QueueCommand, state: ExchangeState): void;
  /** Resolves when the first run is stored, or may be. Rejects with a GatewayError if it is not. */
  readonly submitted: Promise<void>;
  /** Stops watching the queue. `isWithdrawn`: a run that is still queued is withdrawn. */
  close(state: ExchangeState, isWithdrawn: boolean): void;
}

export type QueueCommand = Extract<
  ExchangeCommand,
  { kind: 'store' | 'resubmit' | 'take_back' | 'withdraw' | 'watch_queue' | 'leave_queue' }
>;

export interface RunQueueNeeds {
  readonly submitter: Submitter;
  readonly request: {
    readonly body: Buffer;
    readonly native?: NativeRequest | undefined;
    /** ms since 1970 on Redis's clock. */
    readonly deadlineAt: number;
    /** Maximum time of a run in the queue, in ms. */
    readonly maxQueueWaitMs: number;
  };
  /** Time for which Redis keeps the request, in ms from now. */
  readonly keepMs: number;
  readonly on: (event: ExchangeEvent) => void;
  readonly onError: (error: unknown) => void;
}

export function createRunQueue({ submitter, request, keepMs, on, onError }: RunQueueNeeds): RunQueue {
  const endsAt = performance.now() + keepMs;
  const { promise: submitted, resolve, reject } = Promise.withResolvers<void>();
  const watch = createQueueWatch({
    submitter,
    waitMs: request.maxQueueWaitMs,
    onTimeout: () => on({ kind: 'fail', code: 'queue_timeout' }),
    onLost: () => on({ kind: 'not_found' }),
    onError,
  });
  // Only the caller of `submit` awaits this promise.
  submitted.catch(() => undefined);

  function store({ job, delivered, isSubmitted }: ExchangeState, isReplacement: boolean): void {
    const ttlMs = Math.max(1, endsAt - performance.now());
    const { native, deadlineAt } = request;
    const body = native === undefined ? request.body : joinNative(request.body, native);
    submitter.submit({ job, body, deadlineAt, ttlMs, delivered }).then(
      (found) => {
        on({ kind: 'stored', found, epoch: job.epoch });
        resolve();
      },
      (cause: unknown) => {
        if (isSubmitted) onError(cause);
        on({ kind: 'not_queued', error: errorOf(cause), isReplacement });
        reject(errorOf(cause));
      },
    );
  }

  function resubmit({ job, delivered }: ExchangeState, isReplacement: boolean): void {
    submitter.resubmit({ job, delivered }).then(
      (found) => on({ kind: 'resubmitted', found, epoch: job.epoch, isReplacement }),
      (cause: unknown) => {
        onError(cause);
        on({ kind: 'not_queued', error: errorOf(cause), isReplacement });
      },
    );
  }

  return {
    submitted,
    carryOut(command, state) {
      const { job } = state;
      switch (command.kind) {
        case 'store':
          return store(state, command.isReplacement);
        case 'resubmit':
          return resubmit(state, command.isReplacement);
        case 'take_back':
          submitter
            .takeBack({ ...job, epoch: job.epoch + 1 })
            .then((found) => on({ kind: 'taken_back', found, epoch: job.epoch }), onError);
          return;
        case 'withdraw':
          submitter.withdraw(job).then((isClaimed) => on({ kind: 'withdrawn', isClaimed }), onError);
          return;
        case 'watch_queue':
          return watch.start(job);
        case 'leave_queue':
          return watch.stop();
      }
    },
    close({ job }, isWithdrawn) {
      watch.stop();
      if (isWithdrawn) submitter.withdraw(job).catch(onError);
    },
  };
}

const errorOf = (cause: unknown): GatewayError => asRedisAway(cause) ?? new GatewayError('internal_error', { cause });
