/** Cuts off the beginning of a text that comes in pieces what the reader has already. */
export interface OverlapCutter {
  cut(piece: string): string;
}

/** @param known what the text may begin with, in whole or in part */
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
