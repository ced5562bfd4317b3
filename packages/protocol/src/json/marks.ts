/*
 * JSON values that JavaScript can't hold are represented by ordinary strings with a mark. A marked string begins with
 * two control characters that do not occur in this order in real texts. A text that begins with them is marked too, so
 * that no input is mistaken for a mark. The characters are Latin-1, because one wider character would double the size
 * of a text and triple the cost of writing it.
 *
 * | in JavaScript       | in JSON                       |
 * |---------------------|-------------------------------|
 * | marker, `#`, digits | the digits, without quotes    |
 * | marker, `=`, name   | the name                      |
 * | marker, `!`, rest   | the string: marker and rest   |
 */
export const marker = '\u0090\u009C';

const opening = `"${marker}`;
const number = /#(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"/y;

export const markNumber = (source: string): string => `${marker}#${source}`;
export const markName = (name: string): string => `${marker}=${name}`;
export const markText = (text: string): string =>
  text.startsWith(marker) ? `${marker}!${text.slice(marker.length)}` : text;

/** Returns the JSON text without marks: each marked string is replaced by what it stands for. */
export function unmarkJson(json: string): string {
  // The search for the marker costs almost nothing; a search for quotes would stop at every string.
  if (!json.includes(marker)) return json;
  let result = '';
  let done = 0;
  for (let at = json.indexOf(opening); at !== -1; at = json.indexOf(opening, at + 1)) {
    // Inside a string: the quote is part of its text.
    if (json[at - 1] === '\\') continue;
    const sign = at + opening.length;
    number.lastIndex = sign;
    const source = number.exec(json)?.[1];
    const isText = json[sign] === '!';
    if (source === undefined && !isText && json[sign] !== '=') continue;
    result += json.slice(done, at) + (source ?? (isText ? opening : '"'));
    done = source === undefined ? sign + 1 : number.lastIndex;
  }
  return done === 0 ? json : result + json.slice(done);
}

/** Returns a string or a member's name without its mark: the digits of a number, the name, or the text. */
export function unmarkText(text: string): string {
  if (!text.startsWith(marker)) return text;
  const rest = text.slice(marker.length + 1);
  return text[marker.length] === '!' ? marker + rest : rest;
}
