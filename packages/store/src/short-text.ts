/** An index takes at most 2,700 bytes, and several texts of clients share one. */
const longestCharacters = 200;

/** Cuts a text that a client may have made long, for a column that has an index. */
export const short = (text: string): string => text.slice(0, longestCharacters);

export const shortOrNull = (text: string | undefined): string | null => (text === undefined ? null : short(text));
