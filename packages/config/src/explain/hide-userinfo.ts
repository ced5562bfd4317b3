/** Stands for a value that nobody may see. */
export const hidden = '[secret]';

/**
 * Hides user and password of a URL, and of URLs in a text.
 *
 * A URL is read as the programs that use it read it: a password may hold quotes, spaces and `@`. In a text that begins
 * with no host, nobody can tell where a password ends: everything from the first `://` to the last `@` is hidden.
 */
export function hideUserinfo(text: string): string {
  const url = URL.parse(text);
  if (url === null || url.host === '') return text.replace(/(:\/\/)[^]*@/, `$1${hidden}@`);
  if (url.username === '' && url.password === '') return hideWithin(text);
  const rest = `${url.pathname}${url.search}${url.hash}`;
  return `${url.protocol}//${hidden}@${url.host}${rest === '/' ? '' : hideWithin(rest)}`;
}

/** As in `https://one.example/?next=https://user:password@other.example`. */
const hideWithin = (text: string): string => text.replaceAll(/(:\/\/)[^\s/?#]*@/g, `$1${hidden}@`);
