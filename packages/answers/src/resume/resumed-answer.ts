import { type ChatChunk, type Delivered, eventsOf, parseChunk, textsOf, writeChunk } from '@sluice/protocol';
import { createRepeatGuard } from './repeat-guard.ts';

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

export function createResumedAnswer(delivered: Delivered, mode: ResumeMode): ResumedAnswer {
  let missing = mode === 'restart' ? delivered.content : '';
  let missingReasoning = mode === 'restart' ? delivered.reasoning : '';
  // A model that resumes may reason anew first; the client already has the reasoning.
  const dropsReasoning = mode === 'continue' && delivered.content !== '';
  // With reasoning only, the client has no answer yet: another answer may follow, with further reasoning.
  const mayThinkAnew = delivered.content === '';
  const guard = mode === 'continue' ? createRepeatGuard(delivered.content) : undefined;
  let isDiverged = false;

  function resume(chunk: ChatChunk): string {
    const passed: ChatChunk = {
      ...chunk,
      ...(delivered.id === undefined ? {} : { id: delivered.id }),
      ...(delivered.created === undefined ? {} : { created: delivered.created }),
    };
    const [choice] = chunk.choices;
    if (choice === undefined) return writeChunk(passed);
    const { delta, finish_reason: finishReason } = choice;
    const rest = fit(delta ?? {}, !isEmptyText(finishReason));
    // The new answer ends before the delivered text does.
    if (!isEmptyText(finishReason)) endReasoning();
    if (!isEmptyText(finishReason) && missing !== '') isDiverged = true;
    if (isDiverged || (Object.keys(rest).length === 0 && isEmptyText(finishReason) && !chunk.usage)) return '';
    return writeChunk({ ...passed, choices: [{ ...choice, delta: rest }] });
  }

  /** Returns the part of a delta that is new to the client. */
  function fit(delta: NonNullable<ChatChunk['choices'][number]['delta']>, isLast: boolean): Record<string, unknown> {
    const { role: _role, content: _content, reasoning_content: _told, reasoning: _reasoning, ...others } = delta;
    const texts = textsOf(delta);
    const reasoning = dropsReasoning ? '' : beyond('missingReasoning', texts.reasoning);
    const more = Object.entries(others).filter(([, value]) => value !== null && value !== '');
    const content =
      guard === undefined
        ? beyond('missing', texts.content)
        : guard.push(texts.content) + endGuard(isLast || more.length > 0);
    if (guard?.isDiverged === true) isDiverged = true;
    // A tool call at a point where the client has text.
    if (more.length > 0) endReasoning();
    if (more.length > 0 && missing !== '') isDiverged = true;
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

  function beyond(which: 'missing' | 'missingReasoning', text: string): string {
    const held = which === 'missing' ? missing : missingReasoning;
    if (text === '') return '';
    if (which === 'missing') endReasoning();
    const common = Math.min(held.length, text.length);
    if (held.slice(0, common) !== text.slice(0, common)) {
      if (which === 'missingReasoning' && mayThinkAnew) return thinkAnew(text);
      isDiverged = true;
    }
    if (which === 'missing') missing = held.slice(common);
    else missingReasoning = held.slice(common);
    return text.slice(common);
  }

  /** Ends the reasoning of the new answer. If the client has more reasoning than that, it belongs to another answer. */
  function endReasoning(): void {
    if (missingReasoning === '') return;
    if (!mayThinkAnew) isDiverged = true;
    missingReasoning = '';
  }

  /** Returns the reasoning held back as known, followed by the part that differs. */
  function thinkAnew(text: string): string {
    const known = delivered.reasoning.slice(0, delivered.reasoning.length - missingReasoning.length);
    missingReasoning = '';
    return known + text;
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

const isEmptyText = (text: string | null | undefined): boolean => text === undefined || text === null || text === '';
