import { targetName } from '@sluice/policy';
import type { Answered, ChatBody, ChatMessage, Delivered, JsonObject, RetryState, Usage } from '@sluice/protocol';
import {
  type ExtendedAnswer,
  createResumedAnswer,
  extendStream,
  extendWhole,
  isContinuable,
  isExtensible,
  type PrefillStyle,
  type ResumeMode,
  withAnswerSoFar,
  withPrefill,
} from '@sluice/answers';
import { firstChunkEvent } from '@sluice/telemetry';
import {
  type AnswerSink,
  type ClientWay,
  type Collection,
  createCollection,
  extendAnswer,
  passingSink,
  resumeFrom,
  streamSink,
  wholeSink,
} from './answer-sink.ts';
import type { ClaimedRun } from '../run/claimed-run.ts';
import { fittedNative, type NativeCall, nativeOf } from '../run/native.ts';
import type { Candidate } from '../run/plan.ts';
import type { Tally } from '../run/tally.ts';
import type { Target } from '../targets/targets.ts';

/** The request of the next attempt, and the sink for its answer. */
export interface Opening {
  readonly body: ChatBody;
  readonly sink: AnswerSink;
  /** The request in the client's own protocol, if the target speaks it. */
  readonly native?: NativeCall;
  /** The request ends with the answer so far, in the form that makes this target continue it (prefill). */
  readonly isPrefilled: boolean;
}

/** The growing answer of one run, over all its attempts. */
export interface Answer {
  /** Opens an attempt that begins the answer, or resumes one that broke off. */
  begin(candidate: Candidate, state: RetryState, onAnswer: () => void): Opening;
  /** Opens an attempt that extends an answer which met its length limit. */
  extend(candidate: Candidate, state: RetryState, onAnswer: () => void): Opening;
  /** Ends an attempt. Returns whether the answer can be extended. */
  endAttempt(usage: Usage | undefined): boolean;
  /** Sends the text that was held back: no further attempt extends the answer. */
  close(): void;
  /** Usage of all successful attempts together; undefined if the answer can't be extended, or no provider reported any. */
  usage(): Usage | undefined;
  /** Returns whether this target can continue the text so far. */
  canContinue(target: Target, state: RetryState): boolean;
  /** Returns whether there is text of an answer that broke off. */
  hasDelivered(): boolean;
}

/** @param mayExtend the model's entry allows extensions */
export function createAnswer(claimedRun: ClaimedRun, tally: Tally, mayExtend: boolean): Answer {
  const { job, body, delivered, publisher } = claimedRun;
  const isJoined = mayExtend && job.operation === 'chat' && isExtensible(body);
  let join: ExtendedAnswer | undefined;
  let collection: Collection = createCollection();
  let soFar: Delivered | undefined;

  /** The text that the next attempt may resume: delivered to the client, or collected for the client. */
  function before(): Delivered | undefined {
    return delivered ?? (job.stream || !isContinuable(body) ? undefined : collectedIn(collection));
  }

  function wayOf(candidate: Candidate, onAnswer: () => void, isNative: boolean): ClientWay {
    return {
      onAnswer(prompt) {
        const answered = { ...answeredBy(candidate, tally), ...(isNative ? { native: true } : {}) };
        publisher.send('answered', prompt === undefined ? answered : { ...answered, prompt });
        if (tally.extensions === 0) claimedRun.span.event(firstChunkEvent);
        onAnswer();
      },
      data: publisher.data,
      isCongested: publisher.isCongested,
      onceWritable: publisher.onceWritable,
    };
  }

  function sinkOf(candidate: Candidate, onAnswer: () => void): AnswerSink {
    const way = wayOf(candidate, onAnswer, false);
    const sink = job.stream ? streamSink(way, body) : wholeSink(way, body, collection);
    return join === undefined ? sink : extendAnswer(join, sink);
  }

  return {
    begin(candidate, state, onAnswer) {
      const { target } = candidate;
      const native = nativeOf(claimedRun, target);
      if (native !== undefined) {
        const sink = passingSink(wayOf(candidate, onAnswer, true));
        return { body: candidate.fitted, sink, native: fittedNative(native, target, state), isPrefilled: false };
      }
      const fitted = withAcceptedReasoning(candidate.fitted, target, state);
      if (isJoined) join = job.stream ? extendStream(delivered) : extendWhole();
      const style = styleOf(target, state);
      const from = before();
      if (from === undefined || (!job.stream && style === 'none')) {
        collection = createCollection();
        return { body: fitted, sink: sinkOf(candidate, onAnswer), isPrefilled: false };
      }
      const { asked, mode, isPrefilled } = resumptionOf(fitted, from, style);
      const sink = resumeFrom(createResumedAnswer(from, mode), sinkOf(candidate, onAnswer));
      return { body: asked, sink, isPrefilled };
    },

    extend(candidate, state, onAnswer) {
      const style = styleOf(candidate.target, state);
      collection = createCollection();
      const asked = withAnswerSoFar(candidate.fitted, soFar?.content ?? '', style);
      const sink = sinkOf(candidate, onAnswer);
      // Sent before the call: if this worker dies, the next worker learns that the answer was extended.
      publisher.send('answered', answeredBy(candidate, tally));
      const resumed =
        job.stream && soFar !== undefined ? resumeFrom(createResumedAnswer(soFar, 'continue'), sink) : sink;
      return { body: asked, sink: resumed, isPrefilled: style !== 'none' };
    },

    endAttempt(usage) {
      soFar = join?.endCall(usage);
      return soFar !== undefined;
    },

    close() {
      const rest = join?.close() ?? '';
      if (rest !== '') publisher.data(rest);
    },

    usage: () => join?.usage,
    canContinue: (target, state) => styleOf(target, state) !== 'none' && (before()?.content ?? '') !== '',
    hasDelivered() {
      const from = before();
      return from !== undefined && (from.content !== '' || from.reasoning !== '');
    },
  };
}

/** The part of a whole answer that was collected before it broke off; undefined if there is no text in it. */
function collectedIn({ parts }: Collection): Delivered | undefined {
  const collected = parts?.transcript.read().delivered;
  return collected?.content === '' ? undefined : collected;
}

/** The request for the rest of an answer, and the way in which the answer to it takes over. */
interface Resumption extends Pick<Opening, 'isPrefilled'> {
  readonly asked: ChatBody;
  readonly mode: ResumeMode;
}

function resumptionOf(fitted: ChatBody, from: Delivered, style: PrefillStyle | 'none'): Resumption {
  // One answer can't repeat an extended one: it must be continued, by an instruction if the target has no prefill.
  if ((from.continuations ?? 0) > 0) {
    return { asked: withAnswerSoFar(fitted, from.content, style), mode: 'continue', isPrefilled: style !== 'none' };
  }
  if (style === 'none' || from.content === '') return { asked: fitted, mode: 'restart', isPrefilled: false };
  return { asked: withPrefill(fitted, from, style), mode: 'continue', isPrefilled: true };
}

/** The request without signed reasoning, for a target that has refused it. */
function withAcceptedReasoning(body: ChatBody, target: Target, { withoutThinking }: RetryState): ChatBody {
  if (!withoutThinking.includes(targetName(target))) return body;
  const messages = (body.messages ?? []).map((message) => {
    const { reasoning_details: _signed, reasoning_content: _text, ...rest } = message as JsonObject;
    return rest as ChatMessage;
  });
  return { ...body, messages };
}

/** The form of prefill that the target takes; `none` if it takes none. */
const styleOf = (target: Target, { withoutPrefill }: RetryState): PrefillStyle | 'none' =>
  withoutPrefill.includes(targetName(target)) ? 'none' : target.prefill;

/** The message to the ingress: the target that answers, and the number of calls so far. */
const answeredBy = ({ target, credentialId, dropped }: Candidate, tally: Tally): Answered => ({
  upstream: target.upstream,
  model: target.model,
  credential: credentialId,
  ...(dropped === undefined ? {} : { dropped: [...dropped] }),
  attempts: tally.calls(),
  ...(tally.extensions > 0 ? { continuations: tally.extensions } : {}),
});
