/** Replacement of a secret value. */
export const hidden = '[secret]';

/**
 * Hides user and password of a URL, and of URLs in a text.
 *
 * URLs are parsed as their users parse them: a password may hold quotes, spaces and `@`. If a text is not a URL with a
 * host, the end of a password is unknown, so everything from the first `://` to the last `@` is hidden.
 */
export function hideUserinfo(text: string): string {
  const url = URL.parse(text);
  if (url === null || url.host === '') return text.replace(/(:\/\/)[^]*@/, `$1${hidden}@`);
  if (url.username === '' && url.password === '') return hideWithin(text);
  const rest = `${url.pathname}${url.search}${url.hash}`;
  return `${url.protocol}//${hidden}@${url.host}${rest === '/' ? '' : hideWithin(rest)}`;
}

/** Hides userinfo within a URL, as in `https://one.example/?next=https://user:password@other.example`. */
const hideWithin = (text: string): string => text.replaceAll(/(:\/\/)[^\s/?#]*@/g, `$1${hidden}@`);
