/** Removes the quotes of reasoning in pieces: the page begins each of its lines with `> `. */
export interface QuotedText {
  unquote(piece: string): string;
  /** The next piece begins a line. */
  beginLine(): void;
  /**
   * Returns the index of the line ends, quotes and spaces at the end of a piece. They must wait for the next piece,
   * because they are dropped if the reasoning ends there.
   */
  openEndOf(piece: string): number;
}

export function createQuotedText(): QuotedText {
  let isLineStart = true;
  let hasBegun = false;
  return {
    unquote(piece) {
      if (piece === '') return '';
      const atStart = isLineStart ? piece.replace(hasBegun ? /^> ?/ : /^\n*(?:> ?)?/, '') : piece;
      const unquoted = atStart.replaceAll(/\n> ?/g, '\n');
      hasBegun ||= unquoted !== '';
      isLineStart &&= unquoted === '';
      return unquoted;
    },
    beginLine: () => void (isLineStart = true),
    openEndOf(piece) {
      const end = isLineStart ? /(?:^|\n)[\n> ]*$/ : /\n[\n> ]*$/;
      return end.exec(piece)?.index ?? piece.length;
    },
  };
}
