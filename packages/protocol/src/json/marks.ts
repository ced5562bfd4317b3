/*
 * JSON that JavaScript can't hold travels as ordinary strings with a mark. A marked string begins with two control
 * characters that texts do not have in this order; a text that does is marked itself, so that no input is taken for a
 * mark. They are Latin-1, because one wider character would double the size of a text and triple the cost of writing
 * it.
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

/** The JSON text that a text with marked strings in it stands for. */
export function unmarkJson(json: string): string {
  // The search for the marker costs next to nothing; a search for quotes would stop everywhere.
  if (!json.includes(marker)) return json;
  let result = '';
  let done = 0;
  for (let at = json.indexOf(opening); at !== -1; at = json.indexOf(opening, at + 1)) {
    // Inside of a string: the quote is part of what it says.
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

/** Returns a string or a member's name without its mark: the digits of a number, the name or text itself. */
export function unmarkText(text: string): string {
  if (!text.startsWith(marker)) return text;
  const rest = text.slice(marker.length + 1);
  return text[marker.length] === '!' ? marker + rest : rest;
}
