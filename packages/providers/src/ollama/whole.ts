import type { WholeTranslation } from '../adapter.ts';
import { writeCompletion } from '../answer/completion.ts';
import { namesOf } from '../answer/names.ts';
import { splitReasoning } from '../answer/think-tags.ts';
import { createCallReader, endOf, errorOf, identityOf, usageOf } from './answer.ts';
import { readResponse } from './read-response.ts';
import type { TranslationOptions } from './stream.ts';

/** Converts Ollama's whole answer to OpenAI's. */
export function translateWhole(text: string, { plan, hasThinkTags }: TranslationOptions): WholeTranslation {
  const response = readResponse(text);
  if (response?.error) return { kind: 'failed', failure: errorOf(response.error) };
  if (!response?.message) {
    return { kind: 'failed', failure: { kind: 'malformed', message: "Ollama's answer contains no message." } };
  }
  if (response.done === false) {
    const message = "Ollama's answer broke off before its end.";
    return { kind: 'failed', failure: { kind: 'truncated', message } };
  }
  const { content, thinking, tool_calls: given } = response.message;
  const calls = (given ?? []).map(createCallReader(plan.requestId));
  const end = endOf(response, calls.length > 0);
  if (end.kind === 'failed') return end;
  const isSplit = hasThinkTags && !plan.keepsThinkingMarkup;
  const said = isSplit ? splitReasoning(content ?? '') : { text: content ?? '', thought: '' };
  const reasoning = (thinking ?? '') + said.thought;
  return writeCompletion({
    ...namesOf(plan),
    ...identityOf(response),
    message: {
      content: said.text === '' && calls.length > 0 ? null : said.text,
      ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    },
    finishReason: end.reason,
    usage: usageOf(response),
  });
}
