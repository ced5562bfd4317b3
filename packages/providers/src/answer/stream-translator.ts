import type { UpstreamEvent, UpstreamFailure, UpstreamRequest, Usage } from '@sluice/protocol';
import type { CallPlan, ChatBody, StreamState, StreamTranslator } from '../adapter.ts';
import { saysNothing } from '../json-object.ts';
import { clientWantsUsage } from '../stream-options.ts';
import { type AnswerIdentity, createChunkWriter, type Delta, type FinishReason } from './chunk-writer.ts';
import { namesOf } from './names.ts';
import { believe, mergeUsage, outgrows } from './usage.ts';

/** An answer under translation, as a provider's event handler writes it. Calls after its end do nothing. */
export interface AnswerDraft {
  /**
   * Names the answer and its model as the provider does. The first of each counts, up to the first delta; later names
   * are ignored.
   */
  identify(identity: Partial<AnswerIdentity>): void;
  delta(delta: Delta): void;
  /** The provider is at work and has nothing to say yet. */
  heartbeat(): void;
  /** The answer's message is whole; only usage may follow. */
  finish(reason: FinishReason): void;
  /** Usage may be told several times, see `mergeUsage`. Values that can't be believed are left out. */
  usage(usage: Usage): void;
  /** Ends the answer with a failure. After `finish` a `malformed` event is ignored: the answer is whole. */
  fail(failure: UpstreamFailure): void;
  /** Nothing follows. Without a `finish` before, the answer was truncated. */
  complete(): void;
  isFinished(): boolean;
}

/** Interprets a provider's stream. Fresh for each stream, so that it may keep state. */
export interface EventHandler {
  onEvent(event: UpstreamEvent, answer: AnswerDraft): void;
  /** The provider closed its stream; what was held back may be written. The end of the answer is judged after it. */
  onEnd?(answer: AnswerDraft): void;
  toCancel?(): UpstreamRequest | undefined;
  /** Writes deltas: `writeLossless` where they hold values from `parseLossless`. Default: `JSON.stringify`. */
  readonly write?: (delta: object) => string;
}

/**
 * Signs of life in a row beyond this number do not count. A provider that sends nothing else without end counts as
 * silent: `timeouts.idle_ms` ends its answer, not the deadline of the request.
 */
const mostHeartbeats = 10_000;

/**
 * A translator for providers that do not speak OpenAI's protocol: keeps the state of the answer, writes its chunks, and
 * gives the usage where it belongs.
 */
export function createStreamTranslator(body: ChatBody, plan: CallPlan, handler: EventHandler): StreamTranslator {
  const made = namesOf(plan);
  let told: Partial<AnswerIdentity> = {};
  let identity = made;
  let responseModel: string | undefined;
  /** The counts before the latest one; at most providers the latest includes them. */
  let usage: Usage | undefined;
  let latest: Usage | undefined;
  let finishReason: FinishReason | undefined;
  let output = '';
  let heartbeatsInRow = 0;
  let hasBegun = false;
  const wantsUsage = clientWantsUsage(body);
  const { write = JSON.stringify } = handler;
  const writer = createChunkWriter(() => identity, { noUsage: wantsUsage ? null : undefined, write });
  const isOpen = (): boolean => translator.state.kind === 'open';

  function counted(): Usage | undefined {
    const believed = believe(latest);
    return believed === undefined ? usage : mergeUsage(usage, believed);
  }

  const answer: AnswerDraft = {
    identify(given) {
      responseModel ??= given.model;
      if (hasBegun) return;
      told = { ...given, ...told };
      identity = { ...made, ...told };
    },
    delta(delta) {
      if (!isOpen() || finishReason !== undefined) return;
      const isEmpty = Object.values(delta).every(saysNothing);
      if (isEmpty && hasBegun) return;
      hasBegun = true;
      heartbeatsInRow = 0;
      output += writer.delta(delta);
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
    usage(given) {
      if (latest !== undefined && !outgrows(given, latest)) usage = counted();
      latest = given;
    },
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
      usage = counted();
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

  // Plain members: an accessor costs its object 0.4 µs and a hidden class of its own.
  const translator = {
    state: { kind: 'open' } as StreamState,
    isFinished: false,
    heartbeats: 0,
    push(event: UpstreamEvent): string {
      if (isOpen()) handler.onEvent(event, answer);
      return take();
    },
    end(): string {
      if (isOpen()) handler.onEnd?.(answer);
      answer.complete();
      return take();
    },
    ...(handler.toCancel === undefined ? {} : { toCancel: () => handler.toCancel?.() }),
  };
  return translator;
}
