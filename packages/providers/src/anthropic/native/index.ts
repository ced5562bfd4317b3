import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import type { NativeAdapter, WholeTranslation } from '../../adapter.ts';
import { parseText } from '../../parse-text.ts';
import { toFinishReason, usageOf } from '../answer.ts';
import { toFailure, toInnerFailure } from '../failure.ts';
import type { AnthropicOptions } from '../request.ts';
import { wireMessageSchema } from '../wire.ts';
import { toUpstream, withoutThinking } from './request.ts';
import { passStream } from './stream.ts';

/** Anthropic's Messages API for clients that speak it. */
export const createNative = (options: Pick<AnthropicOptions, 'version' | 'beta'>): NativeAdapter => ({
  protocol: 'messages',
  toUpstream: (request, plan) => toUpstream(request, plan, options),
  translateStream: passStream,
  translateWhole: (text, plan) => withoutStream(translateWhole(text), plan.stream),
  toFailure: withOwnAnswer,
  withoutThinking,
});

/** Clients that asked for a stream can not read a whole answer. */
const withoutStream = (whole: WholeTranslation, asksStream: boolean): WholeTranslation =>
  asksStream && whole.kind === 'complete' ? { kind: 'failed', failure: notStreamed } : whole;

const notStreamed: UpstreamFailure = {
  kind: 'malformed',
  message: 'The provider sent a whole answer instead of a stream.',
};

function translateWhole(text: string): WholeTranslation {
  const message = parseText(wireMessageSchema, text);
  if (message?.error) return { kind: 'failed', failure: toInnerFailure(message.error) };
  if (!message?.content || message.stop_reason == null) {
    return { kind: 'failed', failure: { kind: 'malformed', message: "The provider's answer contains no message." } };
  }
  const calls = message.content.filter(({ type }) => type === 'tool_use').length;
  return {
    kind: 'complete',
    text,
    summary: {
      usage: message.usage == null ? undefined : usageOf(message.usage),
      finishReason: toFinishReason(message.stop_reason, calls),
      responseModel: message.model ?? undefined,
    },
  };
}

const longestAnswer = 16_384;

/** Adds the provider's answer if it is an error of the protocol, and not the page of a proxy. */
function withOwnAnswer(head: ResponseHead, bodyText: string): UpstreamFailure {
  const failure = toFailure(head, bodyText);
  const isOwn = bodyText.length <= longestAnswer && parseText(wireMessageSchema, bodyText)?.error !== undefined;
  return isOwn ? { ...failure, answer: { status: head.status, body: bodyText } } : failure;
}

/** Anthropic's message on reasoning that another account or model has signed, or that was changed. */
const thinkingRefused = /signature.{0,20}thinking|thinking.{0,80}(?:signature|cannot be modified|invalid)/i;

/** Returns whether Anthropic refused the signed reasoning in a request. */
export const refusesThinking = ({ kind, message }: UpstreamFailure): boolean =>
  kind === 'invalid_request' && thinkingRefused.test(message);
