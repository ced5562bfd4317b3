import { createAppendOnly } from './append-only.ts';
import { createMarkupScanner, type MarkupScanner, type Scanned } from './markup-scanner.ts';
import type { WebUpdate } from './wire.ts';

/** An answer under construction. Both methods return what the client gets for it. */
export interface ReplyText {
  apply(update: WebUpdate): Scanned;
  /** The answer is whole: what was held back goes out. */
  end(): Scanned;
}

/** Edits mostly touch the last words of an answer: so many UTF-16 units wait for them. */
const heldBackLength = 24;
/** The phases of the backend's own tools, whose output is no part of the answer. */
const toolPhases: ReadonlySet<string> = new Set(['tool_call', 'search']);
const nothing: Scanned = { reasoning: '', content: '' };
const finishedBlocks = /^(?:\s*<glm_block[\s\S]*?<\/glm_block>)*\s*/;

/**
 * Puts an answer together of what the backend appends and rewrites. There are two kinds of answers: in a `wrapped` one
 * the thoughts are marked up at the beginning of the text, and an edit counts from there; in a `plain` one they come bare,
 * told apart by their phase alone, and what edits count there nobody has seen: the answer's text is taken for it.
 */
export function createReplyText({ keepsMarkup }: { readonly keepsMarkup: boolean }): ReplyText {
  let kind: 'unknown' | 'wrapped' | 'plain' = 'unknown';
  /** Of a wrapped answer, all of it; of a plain one, what is not thought. */
  let raw = '';
  /** Of a plain answer. */
  let thoughts = '';
  let saidByPhase = '';
  /** All that has come is a tool's block, and its end has not: to look for that in all of it each time would take long. */
  let isInFirstBlock = false;
  /** The position where the answer began behind a tool's block that never ended. */
  let answerFrom = Infinity;
  let scanner = newScanner();
  let isReasoningClosed = false;
  const reasoning = createAppendOnly(0);
  const content = createAppendOnly(heldBackLength);

  function newScanner(): MarkupScanner {
    return createMarkupScanner({ isWrapped: kind === 'wrapped', keepsMarkup });
  }

  function scanAnew(): Scanned {
    scanner = newScanner();
    const before = scanner.push(raw.slice(0, answerFrom));
    if (answerFrom >= raw.length) return before;
    scanner.leaveBlock();
    const after = scanner.push(raw.slice(answerFrom));
    return { reasoning: before.reasoning + after.reasoning, content: before.content + after.content };
  }

  /** The opening tag of thoughts that stay in the text is rewritten when they end: until then, they wait. */
  const isWaiting = (): boolean => keepsMarkup && kind === 'wrapped' && !scanner.isReasoningOver;

  function rewrite(): Scanned {
    const scanned = scanAnew();
    return isWaiting() ? nothing : pass(scanned, 'replace');
  }

  function grow(piece: string, phase: string): Scanned {
    if (phase === 'answer' && scanner.isInBlock) {
      answerFrom = raw.length;
      scanner.leaveBlock();
    }
    const wasWaiting = isWaiting();
    raw += piece;
    const scanned = scanner.push(piece);
    if (isWaiting()) return nothing;
    return wasWaiting ? rewrite() : pass(scanned, 'append');
  }

  function pass(scanned: Scanned, how: 'append' | 'replace'): Scanned {
    let thought = '';
    // Bare thoughts do not come out of the scanner.
    if (kind === 'wrapped' && !isReasoningClosed) {
      thought = reasoning[how](scanned.reasoning);
      isReasoningClosed = scanner.isReasoningOver;
      if (isReasoningClosed) thought += reasoning.flush();
    }
    return { reasoning: thought, content: content[how](scanned.content) };
  }

  function applyPlain(update: WebUpdate): Scanned {
    const phase = update.phase ?? '';
    if (toolPhases.has(phase)) return nothing;
    const isThought = phase === 'thinking';
    const { text, appended } = edited(isThought ? thoughts : raw, update);
    if (isThought) {
      thoughts = text;
      return { reasoning: appended === undefined ? reasoning.replace(text) : reasoning.append(appended), content: '' };
    }
    if (appended !== undefined) return grow(appended, phase);
    return replaceBy(text, update);
  }

  function applyWrapped(update: WebUpdate): Scanned {
    const { text, appended } = edited(raw, update);
    if (appended !== undefined) return grow(appended, update.phase ?? '');
    return replaceBy(text, update);
  }

  function replaceBy(text: string, { edit_index: at }: WebUpdate): Scanned {
    if ((at ?? 0) < answerFrom) answerFrom = Infinity;
    raw = text;
    return rewrite();
  }

  /** Until the kind of the answer is known, it is put together both ways. */
  function applyUnknown(update: WebUpdate): Scanned {
    const phase = update.phase ?? '';
    const { text, appended } = edited(raw, update);
    raw = text;
    if (isInFirstBlock && toolPhases.has(phase) && appended?.includes('>') === false) return nothing;
    if (phase === 'thinking') thoughts = edited(thoughts, update).text;
    else if (!toolPhases.has(phase)) saidByPhase = edited(saidByPhase, update).text;
    const head = raw.replace(finishedBlocks, '');
    if (head.startsWith('<details')) {
      kind = 'wrapped';
      return rewrite();
    }
    const mayBecome = (tag: string): boolean => tag.startsWith(head);
    isInFirstBlock = head.startsWith('<glm_block') && saidByPhase === '' && thoughts === '';
    if (mayBecome('<details') || mayBecome('<glm_block') || isInFirstBlock) return nothing;
    return becomePlain();
  }

  function becomePlain(): Scanned {
    kind = 'plain';
    raw = saidByPhase;
    const said = rewrite();
    return { reasoning: reasoning.replace(thoughts), content: said.content };
  }

  return {
    apply(update) {
      if (!hasText(update)) return nothing;
      if (kind === 'unknown') return applyUnknown(update);
      return kind === 'wrapped' ? applyWrapped(update) : applyPlain(update);
    },
    end() {
      const early = kind === 'unknown' ? becomePlain() : nothing;
      // Thoughts that never ended have waited as a whole.
      const waited = isWaiting() ? scanAnew() : undefined;
      const last = scanner.end();
      const passed =
        waited === undefined
          ? pass(last, 'append')
          : pass({ reasoning: '', content: waited.content + last.content }, 'replace');
      return {
        reasoning: early.reasoning + passed.reasoning + reasoning.flush(),
        content: early.content + passed.content + content.flush(),
      };
    },
  };
}

const isSome = (text: string | null | undefined): text is string => text != null && text !== '';

export const hasText = ({ edit_content: edit, content, delta_content: delta }: WebUpdate): boolean =>
  isSome(edit) || isSome(content) || isSome(delta);

interface Edited {
  readonly text: string;
  /** The text that was added at the end, where that is all that happened. */
  readonly appended?: string;
}

/** Places count UTF-16 units. An edit replaces all that follows its place. */
function edited(
  text: string,
  { edit_content: edit, edit_index: at, content, delta_content: delta }: WebUpdate,
): Edited {
  if (isSome(edit)) return { text: text.slice(0, at ?? 0) + edit };
  if (isSome(content)) return { text: content };
  return { text: text + (delta ?? ''), appended: delta ?? '' };
}
