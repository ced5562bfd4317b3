/**
 * Directives are short words joined by dashes that determine the behaviour of an answer: `t64-i10`, `e503-n1`,
 * `reset-k5`. A directive is a word (`reset`) or letters and a number (`t64`). The letters are those of the load test
 * kit.
 */

/** Names of settings with the numbers that they accept. README.md explains them. */
const settingNumbers = {
  t: { min: 0, max: 1_000_000 },
  i: { min: 0, max: 600_000 },
  u: { min: 0, max: 600_000_000 },
  f: { min: 0, max: 600_000 },
  s: { min: 0, max: 65_536 },
  q: { min: 0, max: 100_000 },
  k: { min: 0, max: 1_000_000 },
  n: { min: 0, max: 1_000_000 },
  p: { min: 0, max: 100 },
  r: { min: 0, max: 86_400 },
  rms: { min: 0, max: 86_400_000 },
  cr: { min: 0, max: 1_000_000 },
  cw: { min: 0, max: 1_000_000 },
} as const;

const settingWords = ['each', 'ping', 'crlf', 'split', 'utf8', 'parallel', 'drift', 'noprefill'] as const;

const faultNumbers = {
  e: { min: 300, max: 599 },
  busy: { min: 0, max: 4 },
  huge: { min: 1, max: 256 },
} as const;

const faultWords = [
  'resetearly',
  'resethead',
  'reset',
  'close',
  'half',
  'cut',
  'stall',
  'hang',
  'html',
  'badjson',
  'badutf8',
  'errev',
  'empty',
  'nodone',
  'ctxlen',
  'policy',
  'quota',
] as const;

const numbers = { ...settingNumbers, ...faultNumbers };
const words = [...settingWords, ...faultWords];

/** Size of `huge` without a number, in MB. */
const defaultHugeMegabytes = 16;

/** A directive that changes a setting. */
export type Setting =
  | { readonly name: keyof typeof settingNumbers; readonly value: number }
  | { readonly name: (typeof settingWords)[number] };

/** A directive that causes a fault. */
export type FaultDirective =
  | { readonly name: keyof typeof faultNumbers; readonly value: number }
  | { readonly name: (typeof faultWords)[number] };

/** One element of `t64-e503-n1`. */
export type Directive = Setting | FaultDirective;

/** Names of all directives, for tests that must cover each. */
export const directiveNames: readonly Directive['name'][] = [...namesOf(numbers), ...words];

/** Result of {@link parseDirectives}: the directives, or the first unknown word. */
export type ParsedDirectives = { readonly directives: readonly Directive[] } | { readonly unknown: string };

/**
 * Parses directives separated by dashes, commas or spaces. An empty text contains none; an unknown word is reported.
 */
export function parseDirectives(text: string): ParsedDirectives {
  const directives: Directive[] = [];
  for (const word of text.split(/[-,\s]+/)) {
    if (word === '') continue;
    const directive = parseDirective(word);
    if (directive === undefined) return { unknown: word };
    directives.push(directive);
  }
  return { directives };
}

/**
 * Removes the directives from the end of a name. Segments are read from the right up to one that is not a directive:
 * `gpt-4o-mini-e503-n1` is `gpt-4o-mini` with two directives. The first segment always belongs to the name.
 */
export function splitSuffix(name: string): { readonly base: string; readonly directives: readonly Directive[] } {
  const segments = name.split('-');
  const directives: Directive[] = [];
  while (segments.length > 1) {
    const directive = parseDirective(segments.at(-1) ?? '');
    if (directive === undefined) break;
    directives.unshift(directive);
    segments.pop();
  }
  return { base: segments.join('-'), directives };
}

/** Writes directives in the form that {@link parseDirectives} reads. */
export function formatDirectives(directives: readonly Directive[]): string {
  return directives.map((directive) => directive.name + ('value' in directive ? directive.value : '')).join('-');
}

/** Returns whether a directive is a fault. */
export function isFault(directive: Directive): directive is FaultDirective {
  return directive.name in faultNumbers || faultWords.some((word) => word === directive.name);
}

function parseDirective(word: string): Directive | undefined {
  const alone = words.find((known) => known === word);
  if (alone !== undefined) return { name: alone };
  if (word === 'huge') return { name: 'huge', value: defaultHugeMegabytes };
  const [, letters, digits] = /^([a-z]+)(\d{1,9})$/.exec(word) ?? [];
  const name = namesOf(numbers).find((known) => known === letters);
  if (name === undefined) return undefined;
  const value = Number(digits);
  return value >= numbers[name].min && value <= numbers[name].max ? { name, value } : undefined;
}

function namesOf<Table extends object>(table: Table): (keyof Table)[] {
  return Object.keys(table) as (keyof Table)[];
}
