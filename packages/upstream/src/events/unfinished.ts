/**
 * Returns whether the data of a last event is blank or broken-off JSON, thus no event: a cut stream would otherwise
 * end in an event that can't be parsed.
 */
export const isUnfinished = (data: string): boolean =>
  data.trim() === '' || (beginsJson.test(data) && !isWholeJson(data));

const beginsJson = /^\s*[{[]/;

/**
 * Returns whether this is an object or a list, up to its last bracket (`[DONE]` is). Does not check JSON validity: that
 * would mean to parse it before anybody has looked how deep it is.
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
