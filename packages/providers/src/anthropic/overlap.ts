/** Removes from the start of a chunked text what the reader already has. */
export interface OverlapCutter {
  cut(piece: string): string;
}

/** @param known text that the chunks may begin with, in whole or in part */
export function createOverlapCutter(known: string): OverlapCutter {
  let left = known;
  return {
    cut(piece) {
      if (left === '') return piece;
      let length = 0;
      while (length < left.length && length < piece.length && piece[length] === left[length]) length++;
      left = length < piece.length ? '' : left.slice(length);
      return piece.slice(length);
    },
  };
}
