import { type AnswerEvent, type ChatChunk, eventsOf, isEmpty, parseChunk, writeChunk } from '@sluice/protocol';
import type { ReshapingMode } from './modes.ts';
import {
  closingTag,
  hasReasoning,
  openingTag,
  type Said,
  reasoningOf,
  reasoningPattern,
  withLead,
  withoutReasoning,
} from './reasoning.ts';

/** Reshapes the reasoning of one streamed answer. */
export interface ReasoningStream {
  /**
   * Takes whole server-sent events and returns the client's version, or ''. Events without reasoning stay unchanged.
   */
  push(sse: string): string;
  /** Ends a complete answer and returns the remaining text. Not called for an answer that broke off. */
  end(): string;
}

type Choice = ChatChunk['choices'][number];

/** Result of reshaping a choice. */
interface Reshaped {
  /** Separate chunks that come before. */
  readonly before: string;
  /** The same object if unchanged; undefined if nothing is left. */
  readonly choice: Choice | undefined;
}

export function createReasoningStream(mode: ReshapingMode): ReasoningStream {
  /** Indexes of the choices with an open tag. */
  const thinking = new Set<number>();
  /** Indexes of the choices whose role the client has received. */
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
    // A tool call or the end of the answer comes in a chunk without text, and stays unchanged.
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

/** Returns whether a delta holds answer content, so that the reasoning is over. */
const isAnswer = ({ content, refusal, tool_calls: calls, function_call: call, audio }: Said): boolean =>
  [content, refusal, calls, call, audio].some((value) => !isEmpty(value));
