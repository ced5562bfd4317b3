import { createAppendOnly } from './append-only.ts';
import { createMarkupScanner, type MarkupScanner, type Scanned } from './markup-scanner.ts';
import type { WebUpdate } from './wire.ts';

/** An answer under construction. Both methods return the new text for the client. */
export interface ReplyText {
  apply(update: WebUpdate): Scanned;
  /** Ends the answer: text that was held back is sent. */
  end(): Scanned;
}

/** Number of UTF-16 units at the end that are held back: edits usually change the last words of an answer. */
const heldBackLength = 24;
/** Phases of the backend's own tools, whose output is not part of the answer. */
const toolPhases: ReadonlySet<string> = new Set(['tool_call', 'search']);
const nothing: Scanned = { reasoning: '', content: '' };
const finishedBlocks = /^(?:\s*<glm_block[\s\S]*?<\/glm_block>)*\s*/;

/**
 * Assembles an answer from the backend's appends and edits. There are two kinds of answers. In a `wrapped` one the
 * reasoning is marked up at the start of the text, and edit indices count from there. In a `plain` one the reasoning is
 * bare and identified by its phase; the meaning of edit indices there is unknown, and they are applied to the answer's
 * text.
 */
export function createReplyText({ keepsMarkup }: { readonly keepsMarkup: boolean }): ReplyText {
  let kind: 'unknown' | 'wrapped' | 'plain' = 'unknown';
  /** Whole text of a wrapped answer; text without reasoning of a plain one. */
  let raw = '';
  /** Reasoning of a plain answer. */
  let thoughts = '';
  let saidByPhase = '';
  /** True while the whole text is an unfinished tool block: searching all of it for the end each time would be slow. */
  let isInFirstBlock = false;
  /** Position at which the answer begins after a tool block without an end. */
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

  /**
   * Returns whether text must wait: the opening tag of reasoning that stays in the text is rewritten when the reasoning
   * ends.
   */
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
    // Bare reasoning does not pass through the scanner.
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
    const isReasoning = phase === 'thinking';
    const { text, appended } = edited(isReasoning ? thoughts : raw, update);
    if (isReasoning) {
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

  /** Assembles the text in both ways until the kind of the answer is known. */
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
      // Reasoning without an end was held back entirely.
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
  /** Text added at the end, if nothing else changed. */
  readonly appended?: string;
}

/** Applies an update. Indices count UTF-16 units. An edit replaces all text after its index. */
function edited(
  text: string,
  { edit_content: edit, edit_index: at, content, delta_content: delta }: WebUpdate,
): Edited {
  if (isSome(edit)) return { text: text.slice(0, at ?? 0) + edit };
  if (isSome(content)) return { text: content };
  return { text: text + (delta ?? ''), appended: delta ?? '' };
}
