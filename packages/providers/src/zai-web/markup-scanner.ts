import { createHeldText, type HeldText, tornLength } from './held-text.ts';
import { createQuotedText, type QuotedText } from './quoted-text.ts';

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
  isInBlock(): boolean;
  /** Returns true after the reasoning, or if there is none. */
  isReasoningOver(): boolean;
}

export interface ScannerOptions {
  /** Set if the text starts with its reasoning, wrapped as the page shows it. */
  readonly isWrapped: boolean;
  /** Set if the reasoning stays in the text, unchanged. */
  readonly keepsMarkup: boolean;
}

type Place = 'opening' | 'reasoning' | 'summary' | 'gap' | 'answer';

const blockOpen = '<glm_block';
const blockClose = '</glm_block>';
const reasoningClose = '</details>';
const summaryClose = '</summary>';
/** Tags with a meaning inside the reasoning. */
const inReasoning = [reasoningClose, '<summary', blockOpen] as const;

/** The state of a scan. */
interface Scan {
  readonly keepsMarkup: boolean;
  readonly held: HeldText;
  readonly quoted: QuotedText;
  place: Place;
  isInBlock: boolean;
  /** Results of the current piece. */
  reasoning: string;
  content: string;
}

/** Interprets the beginning of the held text. Returns whether another step may follow. */
type Step = (scan: Scan, isLast: boolean) => boolean;

const steps: Readonly<Record<Place, Step>> = { opening, reasoning, summary, gap, answer };

/**
 * Creates a scanner. Reasoning stands in `<details type="reasoning" …>`, with a `<summary>` and with every line quoted
 * by `> `. Output of the backend's own tools stands in `<glm_block …>`, which is not part of the answer.
 */
export function createMarkupScanner({ isWrapped, keepsMarkup }: ScannerOptions): MarkupScanner {
  const scan: Scan = {
    keepsMarkup,
    held: createHeldText(),
    quoted: createQuotedText(),
    place: isWrapped ? 'opening' : 'answer',
    isInBlock: false,
    reasoning: '',
    content: '',
  };

  function run(isLast: boolean): Scanned {
    scan.reasoning = '';
    scan.content = '';
    while (scan.isInBlock ? block(scan) : steps[scan.place](scan, isLast));
    return { reasoning: scan.reasoning, content: scan.content };
  }

  return {
    push(piece) {
      scan.held.add(piece);
      return run(false);
    },
    end: () => run(true),
    leaveBlock() {
      if (scan.isInBlock) scan.held.clear();
      scan.isInBlock = false;
    },
    isInBlock: () => scan.isInBlock,
    isReasoningOver: () => scan.place === 'gap' || scan.place === 'answer',
  };
}

function opening(scan: Scan): boolean {
  const { held } = scan;
  if (held.text.trimStart().startsWith(blockOpen)) return enterBlock(scan, held.text.indexOf(blockOpen));
  const end = held.text.indexOf('>');
  if (end === -1) return false;
  keepMarkup(scan, held.take(end + 1));
  scan.place = 'reasoning';
  return true;
}

function reasoning(scan: Scan, isLast: boolean): boolean {
  const { held, quoted, keepsMarkup } = scan;
  const at = firstOf(held.text, inReasoning);
  if (at === -1) {
    const open = held.text.length - (isLast ? 0 : tornLength(held.text, inReasoning));
    think(scan, held.take(isLast ? open : quoted.openEndOf(held.text.slice(0, open))));
    return false;
  }
  if (held.text.startsWith(blockOpen, at)) {
    think(scan, held.take(at));
    return enterBlock(scan, 0);
  }
  const isEnd = held.text.startsWith(reasoningClose, at);
  const text = held.take(at);
  think(scan, isEnd && !keepsMarkup ? text.replace(/\n[\n> ]*$/, '') : text);
  if (isEnd) keepMarkup(scan, held.take(reasoningClose.length));
  scan.place = isEnd ? 'gap' : 'summary';
  return true;
}

function think(scan: Scan, text: string): void {
  if (scan.keepsMarkup) scan.content += text;
  else scan.reasoning += scan.quoted.unquote(text);
}

function summary(scan: Scan): boolean {
  const isOver = scan.held.text.includes(summaryClose);
  keepMarkup(scan, scan.held.takeThrough(summaryClose));
  if (!isOver) return false;
  scan.quoted.beginLine();
  scan.place = 'reasoning';
  return true;
}

function gap(scan: Scan): boolean {
  const [lines = ''] = /^\n*/.exec(scan.held.text) ?? [];
  keepMarkup(scan, scan.held.take(lines.length));
  if (scan.held.text === '') return false;
  scan.place = 'answer';
  return true;
}

function answer(scan: Scan, isLast: boolean): boolean {
  const { held } = scan;
  const at = held.text.indexOf(blockOpen);
  if (at !== -1) {
    scan.content += held.take(at);
    return enterBlock(scan, 0);
  }
  scan.content += held.take(held.text.length - (isLast ? 0 : tornLength(held.text, [blockOpen])));
  return false;
}

function enterBlock(scan: Scan, at: number): boolean {
  scan.held.take(at);
  scan.isInBlock = true;
  return true;
}

function block(scan: Scan): boolean {
  const isOver = scan.held.text.includes(blockClose);
  scan.held.takeThrough(blockClose);
  if (isOver) scan.isInBlock = false;
  return isOver;
}

function keepMarkup(scan: Scan, text: string): void {
  if (scan.keepsMarkup) scan.content += text;
}

/** Returns the position of the first of these tags, or -1. */
function firstOf(text: string, tags: readonly string[]): number {
  const places = tags.map((tag) => text.indexOf(tag)).filter((at) => at !== -1);
  return places.length === 0 ? -1 : Math.min(...places);
}
