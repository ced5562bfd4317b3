/** One of several texts, in any case of letters. */
export const anyOf = (...patterns: readonly RegExp[]): RegExp =>
  new RegExp(patterns.map(({ source }) => source).join('|'), 'im');

/** One of several words, as a whole and in any case of letters. */
export const word = (...words: readonly string[]): RegExp => new RegExp(`^(?:${words.join('|')})$`, 'i');
