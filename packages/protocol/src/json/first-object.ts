import { endOfString } from './scan.ts';

/** What stands before an object at most: white space, and the mark with which some servers begin a file. */
const lead = /^[\uFEFF\s]*(?=\{)/;

/** The JSON object with which a text begins, where something else follows it; undefined for a text that holds none. */
export function firstObjectIn(text: string): string | undefined {
  const start = lead.exec(text)?.[0].length;
  if (start === undefined) return undefined;
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) at = endOfString(text, at + 1);
    else if (code === 0x7b || code === 0x5b) depth++;
    else if ((code === 0x7d || code === 0x5d) && --depth === 0) return text.slice(start, at + 1);
  }
  return undefined;
}
