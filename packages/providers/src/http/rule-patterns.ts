/** Matches one of several texts, case-insensitively. */
export const anyOf = (...patterns: readonly RegExp[]): RegExp =>
  new RegExp(patterns.map(({ source }) => source).join('|'), 'im');

/** Matches one of several words as a whole, case-insensitively. */
export const word = (...words: readonly string[]): RegExp => new RegExp(`^(?:${words.join('|')})$`, 'i');
