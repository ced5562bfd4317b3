import { createAppendOnly } from './append-only.ts';
import { createMarkupScanner, type MarkupScanner, type Scanned, type ScannerOptions } from './markup-scanner.ts';
import { edited } from './web-text.ts';
import type { WebUpdate } from './wire.ts';

/** A text with markup that the backend appends to and edits. Each method returns the new text for the client. */
export interface MarkedText {
  apply(update: WebUpdate): Scanned;
  /** Replaces the whole text. */
  replace(text: string): Scanned;
  /** Ends the text: what was held back is sent. */
  end(): Scanned;
}

/** Number of UTF-16 units at the end that are held back: edits usually change the last words of an answer. */
const heldBackLength = 24;
export const nothing: Scanned = { reasoning: '', content: '' };

export function createMarkedText(options: ScannerOptions): MarkedText {
  const { isWrapped, keepsMarkup } = options;
  let raw = '';
  /** Position at which the answer begins after a tool block without an end. */
  let answerFrom = Infinity;
  let scanner: MarkupScanner = createMarkupScanner(options);
  let isReasoningClosed = false;
  const reasoning = createAppendOnly(0);
  const content = createAppendOnly(heldBackLength);

  function scanAnew(): Scanned {
    scanner = createMarkupScanner(options);
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
  const isWaiting = (): boolean => keepsMarkup && isWrapped && !scanner.isReasoningOver();

  function replace(text: string): Scanned {
    raw = text;
    const scanned = scanAnew();
    return isWaiting() ? nothing : pass(scanned, 'replace');
  }

  function grow(piece: string, phase: string): Scanned {
    if (phase === 'answer' && scanner.isInBlock()) {
      answerFrom = raw.length;
      scanner.leaveBlock();
    }
    const wasWaiting = isWaiting();
    raw += piece;
    const scanned = scanner.push(piece);
    if (isWaiting()) return nothing;
    return wasWaiting ? replace(raw) : pass(scanned, 'append');
  }

  function pass(scanned: Scanned, how: 'append' | 'replace'): Scanned {
    let thought = '';
    if (isWrapped && !isReasoningClosed) {
      thought = reasoning[how](scanned.reasoning);
      isReasoningClosed = scanner.isReasoningOver();
      if (isReasoningClosed) thought += reasoning.flush();
    }
    return { reasoning: thought, content: content[how](scanned.content) };
  }

  return {
    apply(update) {
      const { text, appended } = edited(raw, update);
      if (appended !== undefined) return grow(appended, update.phase ?? '');
      if ((update.edit_index ?? 0) < answerFrom) answerFrom = Infinity;
      return replace(text);
    },
    replace,
    end() {
      // Reasoning without an end was held back entirely.
      const waited = isWaiting() ? scanAnew() : undefined;
      const last = scanner.end();
      const passed =
        waited === undefined
          ? pass(last, 'append')
          : pass({ reasoning: '', content: waited.content + last.content }, 'replace');
      return { reasoning: passed.reasoning + reasoning.flush(), content: passed.content + content.flush() };
    },
  };
}
