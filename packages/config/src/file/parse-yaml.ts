import { isMap, LineCounter, parseDocument, visit, type Document } from 'yaml';
import type { ConfigProblem } from '../config-error.ts';
import { protectInterpolations } from './interpolations.ts';
import { explainYaml } from './yaml-problems.ts';

/** Maximum number of values in a file after its aliases are expanded: enough for any file, and a bound for its memory. */
const mostValues = 100_000;

export type ParsedYaml =
  | { readonly value: unknown; readonly problems?: never }
  | { readonly value?: never; readonly problems: readonly ConfigProblem[] };

/**
 * Parses YAML 1.2, which includes JSON. `${…}` is allowed anywhere in place of text, also unquoted within `{ }` and
 * `[ ]`, where plain YAML does not allow it.
 *
 * @param name of the file, for messages. They never quote the text, because it may hold secrets.
 */
export function parseYaml(text: string, name: string): ParsedYaml {
  const lineCounter = new LineCounter();
  const toProblem = ({ offset, message }: Fault): ConfigProblem => {
    const { line, col } = lineCounter.linePos(offset);
    return { path: `${name}:${line}:${col}`, message };
  };
  const document = parseDocument(protectInterpolations(text), {
    lineCounter,
    schema: 'core',
    stringKeys: true,
    prettyErrors: false,
    logLevel: 'error',
  });
  const faults = [...document.errors, ...document.warnings].map(({ code, pos }) => ({
    offset: pos[0],
    message: explainYaml(code),
  }));
  const found = faults.length > 0 ? faults : findBadAliases(document);
  if (found.length > 0) {
    const byLine = Map.groupBy(
      found.toSorted((a, b) => a.offset - b.offset),
      ({ offset }) => lineCounter.linePos(offset).line,
    );
    // Further errors on the same line mostly follow from the first.
    return { problems: [...byLine.values()].flatMap(([first]) => (first === undefined ? [] : toProblem(first))) };
  }
  // The library's limit multiplies by the size of the anchored value, which is 0 for an empty list.
  const value: unknown = document.toJS({ maxAliasCount: -1 });
  if (value === null) return { value: {} };
  if (!isMap(document.contents)) return { problems: [{ path: name, message: 'must be a mapping of settings' }] };
  if (holdsMoreThan(value, mostValues))
    return { problems: [{ path: name, message: 'uses aliases (*name) too often' }] };
  return { value };
}

/** Returns whether a value has more than `most` parts. A shared object counts each time that an alias refers to it. */
function holdsMoreThan(value: unknown, most: number): boolean {
  const left = [value];
  let count = 0;
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    count += 1;
    if (count + left.length > most) return true;
    if (typeof next === 'object' && next !== null) left.push(...Object.values(next));
  }
  return false;
}

interface Fault {
  readonly offset: number;
  readonly message: string;
}

/**
 * Finds invalid aliases that YAML's grammar allows: without an anchor, which is mostly a glob without quotes, and within
 * their own anchor.
 */
function findBadAliases(document: Document.Parsed): Fault[] {
  const faults: Fault[] = [];
  visit(document, {
    Alias(_key, alias) {
      const offset = alias.range?.[0] ?? 0;
      const range = alias.resolve(document)?.range;
      if (range == null) faults.push({ offset, message: explainYaml('BAD_ALIAS') });
      else if (range[0] <= offset && offset <= range[2]) {
        faults.push({ offset, message: 'is an alias (*name) within its own anchor' });
      }
    },
  });
  return faults;
}
