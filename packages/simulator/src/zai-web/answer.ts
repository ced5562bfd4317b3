import type { Behaviour } from '../faults/behaviour.ts';
import { chatAnswerOf, reasoningText, usageOf } from '../openai/chat-answer.ts';
import type { EventStream } from '../server/provider.ts';
import { gates, lateFailure } from './errors.ts';
import type { WebRequest } from './request.ts';

/** Number of reasoning tokens of a model told to reason, if no directive sets it. */
const usualReasoningTokens = 4;

const opened = '<details type="reasoning" done="';
const endedBy = 'true" duration="1">\n<summary>Thought for 1 seconds</summary>\n> ';

type Update = Readonly<Record<string, unknown>>;
const event = (data: Update): string => `data: ${JSON.stringify({ type: 'chat:completion', data })}\n\n`;

/**
 * Writes the page's events. Reasoning is wrapped into the text, or bare if the model's name contains `plain`; the usage
 * precedes the last text. `edit` first sends a wrong end of a wrapped answer and then corrects it; `json` ends with an
 * end mark in JSON.
 */
export function toWebStream({ chat, thinks, words }: WebRequest, given: Behaviour): EventStream {
  const gate = Object.entries(gates).find(([word]) => words.has(word))?.[1];
  const thoughts = thinks ? given.reasoningTokens || usualReasoningTokens : 0;
  const answer = chatAnswerOf(chat, { ...given, reasoningTokens: thoughts });
  const { content, reasoningTokens } = answer;
  const isWrapped = reasoningTokens > 0 && !words.has('plain');
  const thought = Array.from({ length: reasoningTokens }, (_, seq) => reasoningText(seq)).join('');
  const shown = isWrapped ? `${opened}${endedBy}${thought}\n</details>\n` : '';
  const steps = gate === undefined ? reasoningTokens + content.tokens : 0;
  const tokenText = (seq: number): string =>
    (JSON.parse(content.delta(0, seq)) as { readonly content?: string }).content ?? '';
  const usage = event({ phase: 'other', usage: usageOf(answer, content.tokens) });

  function think(seq: number): string {
    const text = isWrapped && seq === 0 ? `${opened}false">\n> ${reasoningText(seq)}` : reasoningText(seq);
    return event({ delta_content: text, phase: 'thinking' });
  }

  function say(seq: number): string {
    const text = tokenText(seq);
    const isLast = seq === content.tokens - 1;
    const before = isLast ? usage : '';
    // The first text of the answer is sent with all earlier text, from the point where the reasoning changed.
    if (isWrapped && seq === 0) {
      return (
        before + event({ edit_index: opened.length, edit_content: shown.slice(opened.length) + text, phase: 'answer' })
      );
    }
    if (!isLast || !isWrapped || !words.has('edit')) return before + event({ delta_content: text, phase: 'answer' });
    const at = shown.length + (content.message(0, seq).content ?? '').length;
    return (
      before +
      event({ delta_content: `${text.trim()}?!`, phase: 'answer' }) +
      event({ edit_index: at, edit_content: text, phase: 'other' })
    );
  }

  return {
    kind: 'stream',
    opening: gate ?? '',
    steps,
    leadSteps: gate === undefined ? reasoningTokens : 0,
    tokensPerStep: 1,
    isFree: gate !== undefined,
    step: (index) => (index < reasoningTokens ? think(index) : say(index - reasoningTokens)),
    closing: gate === undefined ? event({ phase: 'done', done: true }) : '',
    terminator: words.has('json') ? 'data: {"data":"[DONE]"}\n\n' : 'data: [DONE]\n\n',
    failure: lateFailure,
    broken: 'data: {"type":"chat:completion","data":{"delta_content":"bro\n\n',
    carrying: (text) => event({ delta_content: text, phase: 'answer' }),
  };
}
