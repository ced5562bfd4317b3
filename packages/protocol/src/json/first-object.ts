import { endOfString } from './scan.ts';

/** Characters that may precede an object: white space and a byte order mark. */
const lead = /^[\uFEFF\s]*(?=\{)/;

/** Returns the JSON object at the start of a text, without the text after it; undefined if there is none. */
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
