import { type ChatBody, firstObjectIn, fit, type UpstreamFailure, writeLossless } from '@sluice/protocol';
import type { CallPlan, WholeTranslation } from '../adapter.ts';
import { callNames } from '../answer/call-names.ts';
import { writeCompletion } from '../answer/completion.ts';
import { amendCalls } from '../openai-protocol/normalise/tool-calls.ts';
import { parseObject } from '../json-object.ts';
import { withChoices } from '../openai-protocol/normalise/find-choices.ts';
import { markupReaderFor, networkError, splitMessage, toFinishReason } from './answer.ts';
import { toInnerFailure } from './failure.ts';
import { completionSchema } from './wire.ts';

/** Translates a whole answer, and adds members that OpenAI's clients expect and the API omits. */
export function translateWhole(text: string, _body: ChatBody, plan: CallPlan): WholeTranslation {
  const given = parseObject(text) ?? parseObject(firstObjectIn(text) ?? '');
  const answer = fit(completionSchema, given === undefined ? undefined : (withChoices(given) ?? given));
  if (answer === undefined) return failed({ kind: 'malformed', message: "The provider's answer can't be read." });
  if (answer.error != null) return failed(toInnerFailure(answer.error));
  const [choice] = answer.choices ?? [];
  if (choice?.message == null) {
    return answer.code == null
      ? failed({ kind: 'malformed', message: "The provider's answer contains no message." })
      : failed(toInnerFailure({ code: answer.code, message: answer.msg }));
  }
  if (choice.finish_reason === networkError) {
    return failed({ kind: 'server', message: 'The model failed while it answered.' });
  }
  const { message, finish_reason: reason } = choice;
  const reader = markupReaderFor(plan);
  const split = splitMessage(message, reader);
  const rest = reader.end();
  const reasoning = split.reasoning + rest.reasoning;
  const content = split.content + rest.content;
  const calls = message.tool_calls ?? [];
  const found = answer.web_search ?? [];
  return writeCompletion({
    write: writeLossless,
    id: answer.id ?? `chatcmpl-${plan.requestId}`,
    created: answer.created ?? Math.floor(plan.startedAtMs / 1000),
    model: answer.model ?? plan.model,
    message: {
      content: content === '' && calls.length > 0 ? null : content,
      ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
      ...(calls.length === 0
        ? {}
        : {
            tool_calls: amendCalls(
              calls.map(({ index: _index, ...call }) => call),
              callNames(plan.requestId, 0),
            ),
          }),
      ...(found.length === 0 ? {} : { web_search: found }),
    },
    finishReason: toFinishReason(reason ?? (calls.length > 0 ? 'tool_calls' : 'stop')),
    usage: answer.usage ?? undefined,
  });
}

const failed = (failure: UpstreamFailure): WholeTranslation => ({ kind: 'failed', failure });
