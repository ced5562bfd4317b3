import { type AnswerEvent, type ChatChunk, eventsOf, parseChunk, writeChunk } from '@sluice/protocol';
import type { ReshapingMode } from './modes.ts';
import {
  closingTag,
  hasReasoning,
  isEmpty,
  openingTag,
  type Said,
  reasoningOf,
  reasoningPattern,
  withLead,
  withoutReasoning,
} from './reasoning.ts';

/** Gives the reasoning of one streamed answer their form. */
export interface ReasoningStream {
  /** Takes whole server-sent events, and gives what the client gets for them, or ''. What need not change stays as it is. */
  push(sse: string): string;
  /** The answer is complete: gives what still belongs to it. Not to be asked of an answer that broke off. */
  end(): string;
}

type Choice = ChatChunk['choices'][number];

/** The result of reshaping a choice. */
interface Reshaped {
  /** Chunks of their own that come before. */
  readonly before: string;
  /** The same object where nothing changes; undefined where nothing is left. */
  readonly choice: Choice | undefined;
}

export function createReasoningStream(mode: ReshapingMode): ReasoningStream {
  /** Choices that think at the moment: their tag is open. */
  const thinking = new Set<number>();
  /** Choices of which the client has been told who speaks. */
  const introduced = new Set<number>();
  let latest: ChatChunk | undefined;

  function reshapeEvent({ text, data }: AnswerEvent): string {
    const chunk = parseChunk(data);
    if (chunk === undefined) return text;
    latest = chunk;
    const reshaped = chunk.choices.map((choice) => (mode === 'think' ? tag(choice) : strip(choice)));
    const before = reshaped.map((each) => each.before).join('');
    if (reshaped.every(({ choice }, at) => choice === chunk.choices[at])) return before + text;
    const choices = reshaped.flatMap(({ choice }) => (choice === undefined ? [] : [choice]));
    return choices.length === 0 && !chunk.usage ? before : before + writeChunk({ ...chunk, choices });
  }

  function tag(choice: Choice): Reshaped {
    const index = choice.index ?? 0;
    const delta = choice.delta ?? {};
    const reasoning = reasoningOf(delta);
    const isOver = isAnswer(delta) || !isEmpty(choice.finish_reason);
    const opening = reasoning !== '' && !thinking.has(index) ? openingTag : '';
    const closing = isOver && (reasoning !== '' || thinking.has(index)) ? closingTag : '';
    if (opening !== '') thinking.add(index);
    if (closing !== '') thinking.delete(index);
    const lead = opening + reasoning + closing;
    const rest = hasReasoning(delta) ? { ...choice, delta: withoutReasoning(delta) } : choice;
    if (lead === '') return { before: '', choice: rest };
    // A tool call or the end of the answer comes in a chunk without text, and stays so.
    if (reasoning === '' && isEmpty(delta.content)) return { before: closingChunk([index]), choice: rest };
    return { before: '', choice: { ...choice, delta: withLead(withoutReasoning(delta), lead) } };
  }

  function strip(choice: Choice): Reshaped {
    const { delta } = choice;
    if (!delta || !hasReasoning(delta)) return { before: '', choice };
    const { role, ...rest } = withoutReasoning(delta);
    const isLeft = Object.values(rest).some((value) => !isEmpty(value)) || !isEmpty(choice.finish_reason);
    const index = choice.index ?? 0;
    const isIntroduction = !isEmpty(role) && !introduced.has(index);
    if (isIntroduction) introduced.add(index);
    if (!isLeft && !isIntroduction) return { before: '', choice: undefined };
    const said = isLeft ? rest : { content: '', ...rest };
    return { before: '', choice: { ...choice, delta: isIntroduction ? { role, ...said } : said } };
  }

  function closingChunk(indexes: readonly number[]): string {
    const choices = indexes.map((index) => ({ index, delta: { content: closingTag }, finish_reason: null }));
    const { usage: _usage, ...head } = latest ?? {};
    return writeChunk({ ...head, choices });
  }

  return {
    push(sse) {
      if (thinking.size === 0 && !reasoningPattern.test(sse)) return sse;
      return eventsOf(sse).map(reshapeEvent).join('');
    },
    end() {
      if (thinking.size === 0) return '';
      const closed = closingChunk([...thinking]);
      thinking.clear();
      return closed;
    },
  };
}

/** Something that is said or done, and no more reasoning. */
const isAnswer = ({ content, refusal, tool_calls: calls, function_call: call, audio }: Said): boolean =>
  [content, refusal, calls, call, audio].some((value) => !isEmpty(value));
