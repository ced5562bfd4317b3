/** Result of scanning a piece of the raw text. */
export interface Scanned {
  readonly reasoning: string;
  readonly content: string;
}

/** Interprets the page's markup in a chunked text; a possible start of a tag waits for its rest. */
export interface MarkupScanner {
  push(piece: string): Scanned;
  /** Ends the scan: text that was held back is not a tag. */
  end(): Scanned;
  /** Leaves a tool's block that ended without a closing tag. */
  leaveBlock(): void;
  readonly isInBlock: boolean;
  /** True after the reasoning, or if there is none. */
  readonly isReasoningOver: boolean;
}

export interface ScannerOptions {
  /** Set if the text starts with its reasoning, wrapped as the page shows it. */
  readonly isWrapped: boolean;
  /** Set if the reasoning stays in the text, unchanged. */
  readonly keepsMarkup: boolean;
}

type Place = 'opening' | 'thoughts' | 'summary' | 'gap' | 'answer';

const blockOpen = '<glm_block';
const blockClose = '</glm_block>';
const reasoningClose = '</details>';
const summaryClose = '</summary>';
/** Tags with a meaning inside the reasoning. */
const inReasoning = [reasoningClose, '<summary', blockOpen] as const;

/**
 * Creates a scanner. Reasoning stands in `<details type="reasoning" …>`, with a `<summary>` and with every line quoted
 * by `> `. Output of the backend's own tools stands in `<glm_block …>`, which is not part of the answer.
 */
export function createMarkupScanner({ isWrapped, keepsMarkup }: ScannerOptions): MarkupScanner {
  let place: Place = isWrapped ? 'opening' : 'answer';
  let isInBlock = false;
  let held = '';
  let isLineStart = true;
  let hasReasoning = false;
  let out = { reasoning: '', content: '' };

  const steps: Readonly<Record<Place, (isLast: boolean) => boolean>> = { opening, thoughts, summary, gap, answer };

  /** Removes and returns the first characters of the held text. */
  function take(length: number): string {
    const taken = held.slice(0, length);
    held = held.slice(length);
    return taken;
  }

  /** Each step returns whether another step may follow. */
  function opening(): boolean {
    const end = held.indexOf('>');
    if (held.trimStart().startsWith(blockOpen)) return enterBlock(held.indexOf(blockOpen));
    if (end === -1) return false;
    keepMarkup(take(end + 1));
    place = 'thoughts';
    return true;
  }

  function thoughts(isLast: boolean): boolean {
    const at = firstOf(held, inReasoning);
    if (at === -1) {
      // Line ends, quotes and spaces at the end may belong to the end of the reasoning.
      const open = isLast ? held.length : held.length - tornLength(held, inReasoning);
      const tail = (isLineStart ? /(?:^|\n)[\n> ]*$/ : /\n[\n> ]*$/).exec(held.slice(0, open));
      think(take(isLast ? open : (tail?.index ?? open)));
      return false;
    }
    if (held.startsWith(blockOpen, at)) {
      think(take(at));
      return enterBlock(0);
    }
    const isEnd = held.startsWith(reasoningClose, at);
    const text = take(at);
    think(isEnd && !keepsMarkup ? text.replace(/\n[\n> ]*$/, '') : text);
    if (isEnd) keepMarkup(take(reasoningClose.length));
    place = isEnd ? 'gap' : 'summary';
    return true;
  }

  function think(text: string): void {
    keepMarkup(text);
    if (keepsMarkup || text === '') return;
    const atStart = isLineStart ? text.replace(hasReasoning ? /^> ?/ : /^\n*(?:> ?)?/, '') : text;
    const unquoted = atStart.replaceAll(/\n> ?/g, '\n');
    hasReasoning ||= unquoted !== '';
    isLineStart &&= unquoted === '';
    out.reasoning += unquoted;
  }

  function summary(): boolean {
    const end = held.indexOf(summaryClose);
    keepMarkup(take(end === -1 ? held.length - tornLength(held, [summaryClose]) : end + summaryClose.length));
    if (end === -1) return false;
    isLineStart = true;
    place = 'thoughts';
    return true;
  }

  function gap(): boolean {
    const [lines = ''] = /^\n*/.exec(held) ?? [];
    keepMarkup(take(lines.length));
    if (held === '') return false;
    place = 'answer';
    return true;
  }

  function answer(isLast: boolean): boolean {
    const at = held.indexOf(blockOpen);
    if (at !== -1) {
      out.content += take(at);
      return enterBlock(0);
    }
    out.content += take(isLast ? held.length : held.length - tornLength(held, [blockOpen]));
    return false;
  }

  function enterBlock(at: number): boolean {
    take(at);
    isInBlock = true;
    return true;
  }

  function block(): boolean {
    const end = held.indexOf(blockClose);
    take(end === -1 ? held.length - tornLength(held, [blockClose]) : end + blockClose.length);
    if (end === -1) return false;
    isInBlock = false;
    return true;
  }

  function keepMarkup(text: string): void {
    if (keepsMarkup) out.content += text;
  }

  function scan(isLast: boolean): Scanned {
    out = { reasoning: '', content: '' };
    while (isInBlock ? block() : steps[place](isLast));
    return out;
  }

  return {
    push(piece) {
      held += piece;
      return scan(false);
    },
    end: () => scan(true),
    leaveBlock() {
      if (isInBlock) held = '';
      isInBlock = false;
    },
    get isInBlock() {
      return isInBlock;
    },
    get isReasoningOver() {
      return place === 'gap' || place === 'answer';
    },
  };
}

/** Returns the position of the first of these tags, or -1. */
function firstOf(text: string, tags: readonly string[]): number {
  const places = tags.map((tag) => text.indexOf(tag)).filter((at) => at !== -1);
  return places.length === 0 ? -1 : Math.min(...places);
}

/** Returns the length of a text's end that may be the start of one of these tags. */
function tornLength(text: string, tags: readonly string[]): number {
  const from = text.lastIndexOf('<');
  const tail = from === -1 ? '' : text.slice(from);
  return tags.some((tag) => tag.startsWith(tail)) ? tail.length : 0;
}
