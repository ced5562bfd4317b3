import type { ChatBody, ResponseHead, UpstreamEvent, UpstreamFailure, UpstreamRequest } from '@sluice/protocol';
import type { CallPlan, NativeAdapter, StreamState, StreamTranslator, WholeTranslation } from '../adapter.ts';
import { toFailure } from './failure.ts';
import { readResponse } from './read-response.ts';
import { methodCall } from './request.ts';
import { translateStream } from './stream.ts';
import { translateWhole } from './whole.ts';

/** Gemini's API for clients that speak it. */
export const native: NativeAdapter = {
  protocol: 'gemini',
  toUpstream: ({ body }, plan): UpstreamRequest =>
    methodCall(plan, plan.stream ? 'streamGenerateContent?alt=sse' : 'generateContent', body),
  translateStream: passStream,
  translateWhole: passWhole,
  toFailure: withOwnAnswer,
};

/** The translators need the request for the names of its tools alone, which the client knows as the provider does. */
const noTools: ChatBody = {};

/** Passes the responses on, and lets the translator judge whether the answer is complete. */
function passStream(plan: CallPlan): StreamTranslator {
  const judge = translateStream(noTools, plan);
  let blocked: StreamState | undefined;

  return {
    push(event: UpstreamEvent) {
      const isOpen = blocked === undefined && judge.state.kind === 'open' && event.data.trim() !== '[DONE]';
      judge.push(event);
      if (!isOpen) return '';
      const failure = failureOf(judge);
      if (failure !== undefined) {
        if (!isBlocked(failure, event.data)) return '';
        blocked = completed(plan, event.data);
      }
      return `data: ${event.data.split('\n').join('\ndata: ')}\n\n`;
    },
    end: () => (blocked === undefined ? (judge.end(), '') : ''),
    get state() {
      return blocked ?? judge.state;
    },
    get isFinished() {
      return blocked !== undefined || judge.isFinished;
    },
    get mayContinue() {
      return blocked === undefined && judge.mayContinue === true;
    },
    get heartbeats() {
      return judge.heartbeats ?? 0;
    },
    ...(judge.counted === undefined ? {} : { counted: judge.counted }),
  };
}

const failureOf = ({ state }: StreamTranslator): UpstreamFailure | undefined =>
  state.kind === 'failed' ? state.failure : undefined;

function passWhole(text: string, plan: CallPlan): WholeTranslation {
  const judged = translateWhole(text, noTools, plan);
  if (plan.stream) return judged.kind === 'failed' ? judged : { kind: 'failed', failure: notStreamed };
  if (judged.kind === 'complete') return { ...judged, text };
  return isBlocked(judged.failure, text) ? { kind: 'complete', text, summary: summaryOf(plan, text) } : judged;
}

const notStreamed: UpstreamFailure = {
  kind: 'malformed',
  message: 'The provider sent a whole answer instead of a stream.',
};

/** A refused prompt is an answer in this protocol: the client reads `promptFeedback`. */
const isBlocked = ({ kind }: UpstreamFailure, text: string): boolean =>
  kind === 'content_policy' && readResponse(text)?.promptFeedback != null;

const summaryOf = (plan: CallPlan, text: string) => ({
  usage: undefined,
  finishReason: 'content_filter',
  responseModel: readResponse(text)?.modelVersion ?? plan.model,
});

const completed = (plan: CallPlan, text: string): StreamState => ({ kind: 'complete', summary: summaryOf(plan, text) });

const longestAnswer = 16_384;

/** Adds the provider's answer if it is an error of the protocol, and not the page of a proxy. */
function withOwnAnswer(head: ResponseHead, bodyText: string): UpstreamFailure {
  const failure = toFailure(head, bodyText);
  const isOwn = bodyText.length <= longestAnswer && readResponse(bodyText)?.error !== undefined;
  return isOwn ? { ...failure, answer: { status: head.status, body: bodyText } } : failure;
}
