import { type ConfigProblem, formatPath } from '../config-error.ts';

/** `${NAME}` or `${NAME:-default}`; `$${…}` is plain text. */
const pattern = /\$(?<escape>\$)?\{(?<body>[^{}\n]*)\}?/g;
const bodyPattern = /^(?<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?<fallback>.*))?$/s;

/** Start of the range to which characters are moved: a part of Unicode for private use, without a meaning in YAML. */
const hiding = 0xe000;

/**
 * Hides `${…}` from YAML, in which braces, colons and hashes have a meaning. Each character is replaced by one character,
 * so that positions in messages are right. {@link interpolate} restores them.
 */
export function protectInterpolations(text: string): string {
  return text.replaceAll(/(?<=\$)\{[^{}\n]*\}/g, (body) => shift(body, /[\0-\x7f]/g, hiding));
}

const reveal = (text: string): string =>
  text.replaceAll(/(?<=\$)\ue07b[^\ue07b\ue07d]*\ue07d/g, (body) => shift(body, /[\ue000-\ue07f]/g, -hiding));

const shift = (text: string, which: RegExp, by: number): string =>
  text.replaceAll(which, (character) => String.fromCharCode(character.charCodeAt(0) + by));

type Path = readonly PropertyKey[];

export interface Interpolated {
  /** A copy of the content with the values of the variables. */
  readonly value: unknown;
  /** Paths of texts that consist of a single `${…}`. */
  readonly whole: readonly Path[];
  readonly problems: readonly ConfigProblem[];
}

/** Maximum depth of nesting; no setting is as deep. */
const deepest = 16;

/** Replaces the `${…}` in all texts of a file's content. Names of settings stay as they are. */
export function interpolate(content: unknown, env: Readonly<Record<string, string | undefined>>): Interpolated {
  const whole: Path[] = [];
  const problems: ConfigProblem[] = [];

  function copy(value: unknown, path: Path): unknown {
    if (typeof value === 'string') return fill(value, path);
    if (typeof value !== 'object' || value === null) return value;
    if (path.length > deepest) return complain(path, 'is nested too deeply');
    if (Array.isArray(value)) return value.map((item, at) => copy(item, [...path, at]));
    if (!isPlain(value)) return complain(path, 'has a YAML tag (!name) without a meaning here; remove it');
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, copy(part, [...path, name])]));
  }

  function fill(hiddenText: string, path: Path): string {
    const text = reveal(hiddenText);
    let isWhole = false;
    const filled = text.replaceAll(pattern, (found: string, ...rest) => {
      const { escape, body = '' } = rest.at(-1) as Record<string, string | undefined>;
      if (escape !== undefined) return found.slice(1);
      const { name, fallback } = (found.endsWith('}') ? bodyPattern.exec(body)?.groups : undefined) ?? {};
      if (name === undefined) {
        complain(
          path,
          'has a ${ that is not a valid interpolation; write ${NAME}, ${NAME:-default}, or $${ for the text ${',
        );
        return '';
      }
      isWhole = found === text;
      const value = env[name];
      if (fallback !== undefined) return value === undefined || value === '' ? fallback : value;
      if (value === undefined) complain(path, `needs the environment variable ${name}, which is not set`);
      return value ?? '';
    });
    if (isWhole) whole.push(path);
    return filled;
  }

  function complain(path: Path, message: string): undefined {
    problems.push({ path: formatPath(path), message });
  }

  return { value: copy(content, []), whole, problems };
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
