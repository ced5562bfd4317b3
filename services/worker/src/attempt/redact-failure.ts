import type { UpstreamFailure } from '@sluice/protocol';
import { redactSecrets } from '@sluice/telemetry';

/** Removes secrets from a failure. Providers repeat keys in errors: plain, encoded, in another case, or truncated. */
export function redactFailure(failure: UpstreamFailure, secrets: readonly string[]): UpstreamFailure {
  const clean = (text: string): string => secrets.reduce(withoutTraces, redactSecrets(text, secrets));
  return {
    ...failure,
    message: clean(failure.message),
    code: failure.code === undefined ? undefined : clean(failure.code),
    param: failure.param === undefined ? undefined : clean(failure.param),
    ...(failure.answer === undefined ? {} : { answer: { ...failure.answer, body: clean(failure.answer.body) } }),
  };
}

const mark = '[redacted]';
/** Length in characters; shorter secrets occur in ordinary words. */
const shortestSecret = 4;
/** Length in characters; providers that mask a key show fewer. */
const tornLength = 9;
/** Length in characters; this much of a secret's end does not occur in ordinary words. */
const tailLength = 8;
const shortestTorn = 4;
/** Length in characters; half of a shorter secret could be an ordinary word. */
const shortestWithHalves = 12;

function withoutTraces(text: string, secret: string): string {
  if (secret.length < shortestSecret) return text;
  const decoded = withoutEncoded(text, secret);
  const torn = secret.length < shortestWithHalves ? decoded : withoutTorn(decoded, secret);
  return withoutTornEnd(torn, secret);
}

/** Removes the secret in any case, with any of its characters as `%XX`, or in base64. */
function withoutEncoded(text: string, secret: string): string {
  const anyCase = new RegExp(Array.from(secret, characterPattern).join(''), 'gi');
  return base64CoresOf(secret).reduce(withoutRun, text.replace(anyCase, mark));
}

function characterPattern(character: string): string {
  const plain = character.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  const bytes = [...Buffer.from(character, 'utf8')].map((byte) => `%(?:25)*${byte.toString(16).padStart(2, '0')}`);
  return `(?:${plain}|${bytes.join('')})`;
}

/**
 * The forms of the secret in a base64 text that contains it, such as that of `Bearer SECRET` or `user:SECRET`. The
 * secret can begin at any of the three bytes of a group; the characters at its ends depend on its neighbours and are
 * left out.
 */
function base64CoresOf(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const begin = before === 0 ? 0 : before + 1;
    const isWhole = (before + bytes.length) % 3 === 0;
    const core = text.slice(begin, isWhole ? undefined : -1);
    const forUrls = core.replaceAll('+', '-').replaceAll('/', '_');
    return core.length < tailLength ? [] : [...new Set([core, forUrls])];
  });
}

const base64 = /[A-Za-z0-9+/_=-]/;

/** Removes the text and all base64 characters around it. */
function withoutRun(text: string, core: string): string {
  let clean = '';
  let rest = text;
  for (let at = rest.indexOf(core); at >= 0; at = rest.indexOf(core)) {
    let begin = at;
    let end = at + core.length;
    while (begin > 0 && base64.test(rest.charAt(begin - 1))) begin--;
    while (end < rest.length && base64.test(rest.charAt(end))) end++;
    clean += rest.slice(0, begin) + mark;
    rest = rest.slice(end);
  }
  return clean + rest;
}

/**
 * Removes every part of the secret that is too long for a coincidence: nine characters from anywhere in it, or the
 * last eight. Adapters and providers cut texts, sometimes in the middle of a secret.
 */
function withoutTorn(text: string, secret: string): string {
  const lower = secret.toLowerCase();
  const haystack = text.toLowerCase();
  // A letter whose lower case has another length shifts all positions after it.
  if (haystack.length !== text.length) return text;
  const starts = new Map<string, number>();
  for (let at = 0; at + tailLength <= lower.length; at++) starts.set(lower.slice(at, at + tailLength), at);
  let clean = '';
  let from = 0;
  for (let at = 0; at + tailLength <= text.length; at++) {
    const start = starts.get(haystack.slice(at, at + tailLength));
    if (start === undefined) continue;
    const length = commonLength(haystack, at, lower, start);
    if (length < tornLength && start + length < lower.length) continue;
    clean += `${text.slice(from, at)}…`;
    from = at + length;
    at = from - 1;
  }
  return clean + text.slice(from);
}

function commonLength(one: string, at: number, other: string, start: number): number {
  let length = 0;
  while (at + length < one.length && start + length < other.length && one[at + length] === other[start + length])
    length++;
  return length;
}

/** Removes the beginning of a secret at the end of the text: the text was cut inside the secret. */
function withoutTornEnd(text: string, secret: string): string {
  for (let length = secret.length - 1; length >= shortestTorn; length--) {
    if (text.endsWith(secret.slice(0, length))) return `${text.slice(0, -length)}…`;
  }
  return text;
}
