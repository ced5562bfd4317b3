import type { UpstreamEvent, UpstreamFailure, UpstreamRequest, Usage } from '@sluice/protocol';
import type { CallPlan, ChatBody, StreamState, StreamTranslator } from '../adapter.ts';
import { clientWantsUsage } from '../stream-options.ts';
import { type AnswerIdentity, createChunkWriter, type Delta, type FinishReason } from './chunk-writer.ts';
import { isPlausible, laterUsage } from './usage.ts';

/**
 * So many signs of life in a row count as such. A provider that sends nothing else, and that without end, is silent: its
 * answer ends by `timeouts.idle_ms`, not by the time that the request has in all.
 */
const mostHeartbeats = 10_000;

/** An answer under translation, as a provider's event handler writes it. Calls after its end do nothing. */
export interface AnswerDraft {
  /**
   * What the provider calls the answer and its model; before the first delta, else the request's own names stand. All
   * chunks of a stream bear the same names: what is given first stays.
   */
  identify(identity: Partial<AnswerIdentity>): void;
  delta(delta: Delta): void;
  /** The provider is at work and has nothing to say yet. */
  heartbeat(): void;
  /** The answer's message is whole; only usage may follow. */
  finish(reason: FinishReason): void;
  /** The counts so far: the latest stand, but zeros do not undo what was told. */
  usage(usage: Usage): void;
  /** An answer that is finished stays so, whatever its provider sends after it. */
  fail(failure: UpstreamFailure): void;
  /** Nothing follows. Without a `finish` before, the answer was truncated. */
  complete(): void;
  readonly isFinished: boolean;
}

/** What a provider's stream means. Fresh for each stream, so that it may keep state. */
export interface EventHandler {
  onEvent(event: UpstreamEvent, answer: AnswerDraft): void;
  /** The provider closed its stream; what was held back may be written. The end of the answer is judged after it. */
  onEnd?(answer: AnswerDraft): void;
  toCancel?(): UpstreamRequest | undefined;
}

/**
 * A translator for providers that do not speak OpenAI's protocol: keeps the state of the answer, writes its chunks, and
 * gives the usage where it belongs.
 */
export function createStreamTranslator(body: ChatBody, plan: CallPlan, handler: EventHandler): StreamTranslator {
  let identity: AnswerIdentity = {
    id: `chatcmpl-${plan.requestId}`,
    created: Math.floor(plan.startedAtMs / 1000),
    model: plan.model,
  };
  let responseModel: string | undefined;
  let state: StreamState = { kind: 'open' };
  let usage: Usage | undefined;
  let finishReason: FinishReason | undefined;
  let output = '';
  let heartbeats = 0;
  let heartbeatsInRow = 0;
  let named: Partial<AnswerIdentity> = {};
  let hasSpoken = false;
  const writer = createChunkWriter(() => identity);
  const isOpen = (): boolean => state.kind === 'open';

  const answer: AnswerDraft = {
    identify(given) {
      responseModel ??= given.model;
      if (hasSpoken) return;
      named = { ...given, ...named };
      identity = { ...identity, ...named };
    },
    delta(delta) {
      if (!isOpen() || finishReason !== undefined) return;
      hasSpoken = true;
      heartbeatsInRow = 0;
      output += writer.delta(delta);
    },
    heartbeat() {
      if (heartbeatsInRow++ < mostHeartbeats) heartbeats++;
    },
    finish(reason) {
      if (!isOpen() || finishReason !== undefined) return;
      finishReason = reason;
      hasSpoken = true;
      output += writer.finish(reason);
    },
    usage(given) {
      if (isPlausible(given)) usage = laterUsage(usage, given);
    },
    fail(failure) {
      if (finishReason !== undefined) return answer.complete();
      if (isOpen()) state = { kind: 'failed', failure };
    },
    complete() {
      if (!isOpen()) return;
      if (finishReason === undefined) {
        const message = "The provider's answer broke off before its end.";
        state = { kind: 'failed', failure: { kind: 'truncated', message } };
        return;
      }
      if (usage !== undefined && clientWantsUsage(body)) output += writer.usage(usage);
      state = { kind: 'complete', summary: { usage, finishReason, responseModel } };
    },
    get isFinished() {
      return finishReason !== undefined;
    },
  };

  function take(): string {
    const taken = output;
    output = '';
    return taken;
  }

  return {
    push(event) {
      if (isOpen()) handler.onEvent(event, answer);
      return take();
    },
    end() {
      if (isOpen()) handler.onEnd?.(answer);
      answer.complete();
      return take();
    },
    get state() {
      return state;
    },
    get isFinished() {
      return finishReason !== undefined;
    },
    get heartbeats() {
      return heartbeats;
    },
    ...(handler.toCancel === undefined ? {} : { toCancel: () => handler.toCancel?.() }),
  };
}
