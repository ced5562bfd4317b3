import {
  type AnswerEvent,
  type ChatChunk,
  type Delivered,
  eventsOf,
  parseChunk,
  type Usage,
  writeChunk,
} from '@sluice/protocol';
import type { AnswerJoin } from './answer-join.ts';
import { sumUsage } from './sum-usage.ts';
import { createTranscript } from './transcript.ts';

/** Neither can be met inside the answer's text: there every quote is escaped. */
const finishPattern = /"finish_reason"\s*:\s*"/;
const usagePattern = /"usage"\s*:\s*\{/;

/**
 * Joins streams. The calls after the first have been fitted to what the client has: see `createResumedAnswer`.
 *
 * @param before what the client had before the first call
 */
export function createStreamJoin(before: Delivered | undefined): AnswerJoin {
  const transcript = createTranscript();
  let usage: Usage | undefined;
  /** The end of the latest call that met its limit. It stays the answer's end until a later call has one. */
  let held: ChatChunk[] = [];
  /** The present call has met its limit. */
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

  /** Gives what the chunk says beside that it is the end. */
  function holdEnd(chunk: ChatChunk, choice: ChatChunk['choices'][number]): string {
    const { delta } = choice;
    held.push({ ...chunk, choices: [{ ...choice, delta: {} }] });
    const saysMore = Object.entries(delta ?? {}).some(
      ([name, value]) => name !== 'role' && value !== null && value !== '',
    );
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
