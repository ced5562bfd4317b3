import { type ChatChunk, type Delivered, eventsOf, isEmpty, parseChunk, textsOf, writeChunk } from '@sluice/protocol';
import { createRepeatGuard } from './repeat-guard.ts';
import { createRepeatedPart } from './repeated-part.ts';

/**
 * Way in which a run resumes an answer. `continue`: the model gets the delivered text and continues it. `restart`: the
 * model answers from the start, and the delivered text is held back.
 */
export type ResumeMode = 'continue' | 'restart';

/**
 * Reduces the stream of a later run to what the client does not have yet. In mode `continue` it detects a server that
 * starts anew nevertheless: text that repeats the start of the answer is held back, as in mode `restart`.
 */
export interface ResumedAnswer {
  /** Takes server-sent events and returns the part that the client does not have, or ''. */
  push(sse: string): string;
  /** True if the new answer contradicts the delivered text: none of it may be passed on. */
  readonly isDiverged: boolean;
}

/** An answer that is continued repeats nothing. */
const nothing = { content: '', reasoning: '' };

export function createResumedAnswer(delivered: Delivered, mode: ResumeMode): ResumedAnswer {
  let isDiverged = false;
  const diverge = (): void => void (isDiverged = true);
  const repeated = createRepeatedPart(mode === 'restart' ? delivered : nothing, diverge);
  // A model that resumes may reason anew first; the client already has the reasoning.
  const dropsReasoning = mode === 'continue' && delivered.content !== '';
  const guard = mode === 'continue' ? createRepeatGuard(delivered.content) : undefined;

  function resume(chunk: ChatChunk): string {
    const passed: ChatChunk = {
      ...chunk,
      ...(delivered.id === undefined ? {} : { id: delivered.id }),
      ...(delivered.created === undefined ? {} : { created: delivered.created }),
    };
    const [choice] = chunk.choices;
    if (choice === undefined) return writeChunk(passed);
    const { delta, finish_reason: finishReason } = choice;
    const rest = fit(delta ?? {}, !isEmpty(finishReason));
    // The new answer ends before the delivered text does.
    if (!isEmpty(finishReason)) endRepetition();
    if (isDiverged || (Object.keys(rest).length === 0 && isEmpty(finishReason) && !chunk.usage)) return '';
    return writeChunk({ ...passed, choices: [{ ...choice, delta: rest }] });
  }

  /** Returns the part of a delta that is new to the client. */
  function fit(delta: NonNullable<ChatChunk['choices'][number]['delta']>, isLast: boolean): Record<string, unknown> {
    const { role: _role, content: _content, reasoning_content: _told, reasoning: _reasoning, ...others } = delta;
    const texts = textsOf(delta);
    const reasoning = dropsReasoning ? '' : repeated.takeReasoning(texts.reasoning);
    const more = Object.entries(others).filter(([, value]) => !isEmpty(value));
    const content =
      guard === undefined
        ? repeated.takeContent(texts.content)
        : guard.push(texts.content) + endGuard(isLast || more.length > 0);
    if (guard?.isDiverged === true) isDiverged = true;
    // A tool call at a point where the client has text.
    if (more.length > 0) endRepetition();
    return {
      ...Object.fromEntries(more),
      ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
      ...(content === '' ? {} : { content }),
    };
  }

  /** Releases the held-back text at the end: it was not a repetition, or it was one that ends too early. */
  function endGuard(isEnd: boolean): string {
    const held = isEnd ? (guard?.end() ?? '') : '';
    if (guard?.isDiverged === true) isDiverged = true;
    return held;
  }

  /** Ends the repeated part. If the client has more text than the new answer repeated, the answers differ. */
  function endRepetition(): void {
    repeated.endReasoning();
    if (repeated.isMissingContent()) isDiverged = true;
  }

  return {
    push(sse) {
      let passed = '';
      for (const { data } of eventsOf(sse)) {
        const chunk = parseChunk(data);
        if (chunk === undefined) isDiverged = true;
        else passed += resume(chunk);
        if (isDiverged) return '';
      }
      return passed;
    },
    get isDiverged() {
      return isDiverged;
    },
  };
}
