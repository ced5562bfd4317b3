/** Replacement for a secret. */
export const redactedMark = '[redacted]';

/** Minimum length of a literal secret: a shorter one would damage ordinary words, and protects nothing. */
const shortestLiteral = 4;

/**
 * Returns a recognisable mask of a key: its first and last four characters, or none if it is under twelve characters.
 */
export function maskKey(key: string): string {
  return key.length < 12 ? '…' : `${key.slice(0, 4)}…${key.slice(-4)}`;
}

/** Masks a key that may be masked already. */
export function maskOnce(key: string): string {
  const isMasked = key === '…' || (key.length === 9 && key[4] === '…');
  return isMasked ? key : maskKey(key);
}

const tokenCharacter = '[A-Za-z0-9._~+/=-]';
const proseAfterBearer = 'tokens?|keys?|auth\\w*|schemes?|realm|headers?|credentials?|prefix|format';
const secretNames =
  '(?:x-)?api[-_ ]?key|access[-_]?token|refresh[-_]?token|auth[-_]?token|client[-_]?secret|secret(?:[-_]?key)?|passw(?:or)?d|authorization';

/**
 * Start of a word, also directly after an escape of JSON (`\n`, `\u0000`) or of a URL (`%22`), which ends in letters.
 */
const wordStart = '(?:(?<![A-Za-z0-9])|(?<=\\\\[bfnrt]|\\\\u[0-9a-fA-F]{4}|%[0-9a-fA-F]{2}))';

/**
 * Patterns of credentials. Each pattern starts at a fixed word or at a border that it cannot cross itself, and contains
 * at most one open-ended run, at its end, so that the engine never backtracks over read text: the time stays linear.
 */
const shapes: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // Authorization: Bearer …, but not "the Bearer token is missing".
  [
    new RegExp(
      `(${wordStart}bearer(?:\\s{1,4}|%20|\\+))(?!(?:${proseAfterBearer})\\.?(?!${tokenCharacter}))${tokenCharacter}+`,
      'gi',
    ),
    `$1${redactedMark}`,
  ],
  // "basic" is mostly prose: the text after it must contain a digit, unless "authorization" precedes it.
  [new RegExp(`(${wordStart}basic\\s{1,4})(?=[a-z]{0,200}[0-9+/=])[a-z0-9+/]{6,}={0,2}`, 'gi'), `$1${redactedMark}`],
  [
    new RegExp(`(${wordStart}authorization\\s{0,3}[:=]\\s{0,3}basic\\s{1,4})[a-z0-9+/]+={0,2}`, 'gi'),
    `$1${redactedMark}`,
  ],
  // User and password of a URL. Greedy, since people often do not encode an @ in a password.
  [/(:\/\/)[^\s/?#"'<>\\]+@/g, `$1${redactedMark}@`],
  // OpenAI's form, which Sluice's own keys share; then the prefixes of other providers.
  [new RegExp(`${wordStart}sk-[A-Za-z0-9_-]{4,}`, 'g'), redactedMark],
  [
    new RegExp(
      `${wordStart}(?:sk_|pk[-_]|rk[-_]|pat_|gsk_|xai-|hf_|gh[opsru]_|glpat-|sess-|AIza|AKIA|ya29\\.)[A-Za-z0-9_-]{16,}`,
      'g',
    ),
    redactedMark,
  ],
  // A JSON Web Token.
  [new RegExp(`${wordStart}eyJ[A-Za-z0-9_-]{5,}\\.[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]*)?`, 'g'), redactedMark],
  // Zhipu's older keys: id.secret. The id may stay visible. The search starts at the dot, which is rare in texts.
  [/\.(?<=[0-9a-f]{32}\.)[A-Za-z0-9]{16}(?![A-Za-z0-9])/g, `.${redactedMark}`],
  [/([?&](?:key|token|signature|sig|secret)=)(?!\[redacted\])[^&\s"'<>\\]+/gi, `$1${redactedMark}`],
  // "api_key": "…" in JSON, escaped or not. A bare null or number stays: the text may be a whole log line.
  [
    new RegExp(`((?:\\\\?["'])(?:${secretNames})\\\\?["']\\s{0,3}:\\s{0,3}\\\\?["'])[^"'\\\\]+`, 'gi'),
    `$1${redactedMark}`,
  ],
  // api_key=… and api key: … in prose.
  [
    new RegExp(
      `(${wordStart}(?:${secretNames})\\s{0,3}[:=]\\s{0,3})(?!\\[redacted\\]|(?:bearer|basic|key)(?![A-Za-z0-9_-]))[^\\s"'\\\\,;&<>(){}]+`,
      'gi',
    ),
    `$1${redactedMark}`,
  ],
];

/**
 * Removes credentials from external text: the given secrets at every position (also URL- or JSON-encoded), and any text
 * in the form of a bearer token, a provider's key, a JSON Web Token, a URL's user or a named secret. Linear in the
 * length of the text and idempotent. Secrets under four characters are ignored.
 */
export function redactSecrets(text: string, secrets: readonly string[] = []): string {
  let result = text;
  for (const literal of literalsOf(secrets)) result = result.replaceAll(literal, redactedMark);
  for (const [pattern, replacement] of shapes) result = result.replace(pattern, replacement);
  return result;
}

/**
 * Returns the literals, longest first: otherwise a secret that is a prefix of a longer one would leave that one's end.
 */
function literalsOf(secrets: readonly string[]): string[] {
  return secrets
    .filter((secret) => secret.length >= shortestLiteral)
    .flatMap((secret) => [secret, encodeURIComponent(secret.toWellFormed()), JSON.stringify(secret).slice(1, -1)])
    .sort((a, b) => b.length - a.length);
}
