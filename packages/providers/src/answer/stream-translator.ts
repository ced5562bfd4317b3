import {
  type ChatBody,
  isEmpty,
  type UpstreamEvent,
  type UpstreamFailure,
  type UpstreamRequest,
  type Usage,
} from '@sluice/protocol';
import type { CallPlan, StreamState, StreamTranslator } from '../adapter.ts';
import { clientWantsUsage } from '../stream-options.ts';
import { createAnswerCount } from './answer-count.ts';
import { type AnswerIdentity, createChunkWriter, type Delta, type FinishReason } from './chunk-writer.ts';
import { createStreamNames } from './names.ts';

/**
 * An answer under translation; a provider's event handler writes to it. Calls after the answer's end have no effect.
 */
export interface AnswerDraft {
  /**
   * Sets the answer's id, date and model as the provider gives them. The first value of each counts, up to the first
   * delta; later values are ignored.
   */
  identify(identity: Partial<AnswerIdentity>): void;
  delta(delta: Delta): void;
  /**
   * Counts a part of the answer that has arrived and may be held back, for the bill of a call that ends early. A handler
   * that calls it does so for each part; its deltas are not counted then.
   */
  arrived(delta: Delta): void;
  /** Reports that the provider is working but has no output yet. */
  heartbeat(): void;
  /** Marks the answer's message as complete; only usage may follow. */
  finish(reason: FinishReason): void;
  /** Sets the usage; may be called several times, see `mergeUsage`. Implausible values are omitted. */
  usage(usage: Usage): void;
  /**
   * Ends the answer with a failure. After `finish`, a `malformed` failure is ignored, because the answer is complete.
   */
  fail(failure: UpstreamFailure): void;
  /** Ends the answer. Without a `finish` before, the answer was truncated. */
  complete(): void;
  isFinished(): boolean;
}

/** Interprets a provider's stream. Created for each stream, so that it may keep state. */
export interface EventHandler {
  onEvent(event: UpstreamEvent, answer: AnswerDraft): void;
  /**
   * Called when the provider closes its stream; held-back text may be written. The answer's end is judged afterwards.
   */
  onEnd?(answer: AnswerDraft): void;
  toCancel?(): UpstreamRequest | undefined;
  /** Serializes deltas: `writeLossless` if they hold values from `parseLossless`. Default: `JSON.stringify`. */
  readonly write?: (delta: object) => string;
  /** Set if the provider's usage counts reasoning as output: so does the bill of a call that ends early. */
  readonly countsReasoningAsOutput?: boolean;
}

/** The state of a stream that has not ended. */
export const openStream: StreamState = { kind: 'open' };

/**
 * Maximum number of heartbeats in a row; further ones do not count. A provider that sends only heartbeats counts as
 * silent: `timeouts.idle_ms` ends its answer, not the deadline of the request.
 */
const mostHeartbeats = 10_000;

/**
 * Creates a translator for providers with another protocol than OpenAI's: it keeps the state of the answer, writes its
 * chunks, and puts the usage in the right place.
 */
export function createStreamTranslator(body: ChatBody, plan: CallPlan, handler: EventHandler): StreamTranslator {
  const names = createStreamNames(plan);
  const count = createAnswerCount(handler.countsReasoningAsOutput !== true);
  let responseModel: string | undefined;
  let finishReason: FinishReason | undefined;
  let output = '';
  let heartbeatsInRow = 0;
  let hasBegun = false;
  const wantsUsage = clientWantsUsage(body);
  const { write = JSON.stringify } = handler;
  const writer = createChunkWriter(() => names.current, { noUsage: wantsUsage ? null : undefined, write });
  const isOpen = (): boolean => translator.state.kind === 'open';

  const answer: AnswerDraft = {
    identify(given) {
      responseModel ??= given.model;
      if (!hasBegun) names.add(given);
    },
    delta(delta) {
      if (!isOpen() || finishReason !== undefined) return;
      if (hasBegun && Object.values(delta).every(isEmpty)) return;
      hasBegun = true;
      heartbeatsInRow = 0;
      count.delta(delta);
      output += writer.delta(delta);
    },
    arrived(delta) {
      if (isOpen() && finishReason === undefined) count.arrived(delta);
    },
    heartbeat() {
      if (heartbeatsInRow++ < mostHeartbeats) translator.heartbeats++;
    },
    finish(reason) {
      if (!isOpen() || finishReason !== undefined) return;
      finishReason = reason;
      translator.isFinished = true;
      output += writer.finish(reason);
    },
    usage: (usage) => count.usage(usage),
    fail(failure) {
      if (!isOpen() || (finishReason !== undefined && failure.kind === 'malformed')) return;
      translator.state = { kind: 'failed', failure };
    },
    complete() {
      if (!isOpen()) return;
      if (finishReason === undefined) {
        const message = "The provider's answer broke off before its end.";
        translator.state = { kind: 'failed', failure: { kind: 'truncated', message } };
        return;
      }
      const usage = count.total();
      if (usage !== undefined && wantsUsage) output += writer.usage(usage);
      translator.state = { kind: 'complete', summary: { usage, finishReason, responseModel } };
    },
    isFinished: () => finishReason !== undefined,
  };

  function take(): string {
    const taken = output;
    output = '';
    return taken;
  }

  // Plain members: an accessor costs 0.4 µs per object and a hidden class of its own.
  const translator = {
    state: openStream,
    isFinished: false,
    heartbeats: 0,
    push(event: UpstreamEvent): string {
      count.event();
      if (isOpen()) handler.onEvent(event, answer);
      return take();
    },
    end(): string {
      if (isOpen()) handler.onEnd?.(answer);
      answer.complete();
      return take();
    },
    counted: () => count.counted(),
    ...(handler.toCancel === undefined ? {} : { toCancel: () => handler.toCancel?.() }),
  };
  return translator;
}
