import {
  type AnswerEvent,
  type ChatChunk,
  type Delivered,
  eventsOf,
  isEmpty,
  parseChunk,
  type Usage,
  writeChunk,
} from '@sluice/protocol';
import type { ExtendedAnswer } from './extended-answer.ts';
import { sumUsage } from './sum-usage.ts';
import { createTranscript } from '../resume/transcript.ts';

/** Patterns that cannot match inside the answer's text, where every quote is escaped. */
const finishPattern = /"finish_reason"\s*:\s*"/;
const usagePattern = /"usage"\s*:\s*\{/;

/**
 * Joins streams. `createResumedAnswer` has already reduced the later attempts to what the client does not have.
 *
 * @param before the part of the answer that the client had before the first attempt
 */
export function extendStream(before: Delivered | undefined): ExtendedAnswer {
  const transcript = createTranscript();
  let usage: Usage | undefined;
  /** End of the latest attempt that reached its limit. It remains the answer's end until a later attempt has one. */
  let held: ChatChunk[] = [];
  /** True if the current attempt has reached its limit. */
  let isAtLimit = false;

  function sift({ text, data }: AnswerEvent): string {
    const chunk = parseChunk(data);
    if (chunk === undefined) return text;
    const [choice] = chunk.choices;
    if (choice?.finish_reason) held = [];
    if (choice?.finish_reason === 'length') {
      isAtLimit = true;
      return holdEnd(chunk, choice);
    }
    if (!chunk.usage) return text;
    if (!isAtLimit) return usage === undefined ? text : writeChunk({ ...chunk, usage: sumUsage(usage, chunk.usage) });
    held.push(chunk);
    return '';
  }

  /** Holds back the end and returns the other content of the chunk. */
  function holdEnd(chunk: ChatChunk, choice: ChatChunk['choices'][number]): string {
    const { delta } = choice;
    held.push({ ...chunk, choices: [{ ...choice, delta: {} }] });
    const saysMore = Object.entries(delta ?? {}).some(([name, value]) => name !== 'role' && !isEmpty(value));
    const { usage: _usage, ...rest } = chunk;
    return saysMore ? writeChunk({ ...rest, choices: [{ ...choice, finish_reason: null }] }) : '';
  }

  const mustLookInto = (sse: string): boolean =>
    isAtLimit || finishPattern.test(sse) || (usage !== undefined && usagePattern.test(sse));

  return {
    take(sse) {
      const passed = mustLookInto(sse) ? eventsOf(sse).map(sift).join('') : sse;
      transcript.add(passed);
      return passed;
    },
    endCall(spent) {
      usage = sumUsage(usage, spent);
      isAtLimit = false;
      const { delivered } = transcript.read();
      if (delivered === undefined) return undefined;
      const content = (before?.content ?? '') + delivered.content;
      if (content === '') return undefined;
      return {
        id: before?.id ?? delivered.id,
        created: before?.created ?? delivered.created,
        content,
        reasoning: (before?.reasoning ?? '') + delivered.reasoning,
        chunks: (before?.chunks ?? 0) + delivered.chunks,
      };
    },
    close() {
      const end = held.map((chunk) => writeChunk(chunk.usage ? { ...chunk, usage: usage ?? chunk.usage } : chunk));
      held = [];
      return end.join('');
    },
    get usage() {
      return usage;
    },
  };
}
