import { type ChatChunk, type Delivered, eventsOf, parseChunk, textsOf, writeChunk } from '@sluice/protocol';
import { createRepeatGuard } from './repeat-guard.ts';

/**
 * The way a run goes on with an answer: `continue`: the model was given what the client has and continues from there;
 * `restart`: it answers from the beginning, and what the client has is held back.
 */
export type ResumeMode = 'continue' | 'restart';

/**
 * Fits the stream of a later run to what the client has already. In mode `continue` a server that begins anew all the same
 * is noticed: a text that repeats the beginning of the answer is held back, as in mode `restart`.
 */
export interface ResumedAnswer {
  /** Takes server-sent events and gives what the client still lacks of them, or ''. */
  push(sse: string): string;
  /** The new answer differs from what the client has: nothing of it may be passed on. */
  readonly isDiverged: boolean;
}

export function createResumedAnswer(delivered: Delivered, mode: ResumeMode): ResumedAnswer {
  let missing = mode === 'restart' ? delivered.content : '';
  let missingReasoning = mode === 'restart' ? delivered.reasoning : '';
  // A model that writes on may think again first; the client has had its reasoning.
  const dropsReasoning = mode === 'continue' && delivered.content !== '';
  // Of reasoning alone the client has no answer yet: another one may follow, with its own reasoning behind those it had.
  const mayThinkAnew = delivered.content === '';
  const guard = mode === 'continue' ? createRepeatGuard(delivered.content) : undefined;
  let isDiverged = false;

  function stitch(chunk: ChatChunk): string {
    const passed: ChatChunk = {
      ...chunk,
      ...(delivered.id === undefined ? {} : { id: delivered.id }),
      ...(delivered.created === undefined ? {} : { created: delivered.created }),
    };
    const [choice] = chunk.choices;
    if (choice === undefined) return writeChunk(passed);
    const { delta, finish_reason: finishReason } = choice;
    const rest = fit(delta ?? {}, !isEmptyText(finishReason));
    // The text that the client has goes beyond the new answer.
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
    // A tool call where the client has text.
    if (more.length > 0) endReasoning();
    if (more.length > 0 && missing !== '') isDiverged = true;
    return {
      ...Object.fromEntries(more),
      ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
      ...(content === '' ? {} : { content }),
    };
  }

  /** The text is at its end: what was held back until now was no repetition, or one that ends too early. */
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

  /** The new answer thinks no further. Where the client has more reasoning than that, it has those of another answer. */
  function endReasoning(): void {
    if (missingReasoning === '') return;
    if (!mayThinkAnew) isDiverged = true;
    missingReasoning = '';
  }

  /** The reasoning that were held back as known, and what makes them others. */
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
        else passed += stitch(chunk);
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
