/**
 * Returns whether the data of a last event is blank or truncated JSON, and so not an event: otherwise a truncated
 * stream would end with an event that cannot be parsed.
 */
export const isUnfinished = (data: string): boolean =>
  data.trim() === '' || (beginsJson.test(data) && !isWholeJson(data));

const beginsJson = /^\s*[{[]/;

/**
 * Returns whether the text is an object or a list, up to its last bracket (`[DONE]` is). Does not validate the JSON:
 * that would parse it before its depth is checked.
 */
export function isWholeJson(text: string): boolean {
  if (!beginsJson.test(text)) return false;
  const end = text.trimEnd().length;
  let depth = 0;
  let isString = false;
  for (let at = 0; at < end; at++) {
    const character = text[at];
    if (isString) {
      if (character === '\\') at++;
      else if (character === '"') isString = false;
    } else if (character === '"') isString = true;
    else if (character === '{' || character === '[') depth++;
    else if ((character === '}' || character === ']') && --depth === 0) return at === end - 1;
  }
  return false;
}
