import { isMap, LineCounter, parseDocument, visit, type Document } from 'yaml';
import type { ConfigProblem } from '../config-error.ts';
import { protectInterpolations } from './interpolations.ts';
import { explainYaml } from './yaml-problems.ts';

/** Maximum number of values in a file with its aliases written out. Enough for any file, too few to blow one up. */
const mostValues = 100_000;

export type ParsedYaml =
  | { readonly value: unknown; readonly problems?: never }
  | { readonly value?: never; readonly problems: readonly ConfigProblem[] };

/**
 * Reads YAML 1.2, or JSON, which is YAML. `${…}` may stand anywhere where text may, also unquoted within `{ }` and
 * `[ ]`, where YAML itself would stumble over it.
 *
 * @param name of the file, for messages. These never quote it: it may hold secrets.
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
    // Further errors on the same line are mostly an echo.
    return { problems: [...byLine.values()].flatMap(([first]) => (first === undefined ? [] : toProblem(first))) };
  }
  // The library's own limit multiplies by the size of what an alias stands for, which is 0 for an empty list.
  const value: unknown = document.toJS({ maxAliasCount: -1 });
  if (value === null) return { value: {} };
  if (!isMap(document.contents)) return { problems: [{ path: name, message: 'must be a mapping of settings' }] };
  if (holdsMoreThan(value, mostValues))
    return { problems: [{ path: name, message: 'uses aliases (*name) too often' }] };
  return { value };
}

/** Counts what an alias stands for each time that it is used, though in memory it is there once. */
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

/** Aliases that YAML's grammar allows: to nothing, which is mostly a glob without quotes, and to what they stand in. */
function findBadAliases(document: Document.Parsed): Fault[] {
  const faults: Fault[] = [];
  visit(document, {
    Alias(_key, alias) {
      const offset = alias.range?.[0] ?? 0;
      const range = alias.resolve(document)?.range;
      if (range == null) faults.push({ offset, message: explainYaml('BAD_ALIAS') });
      else if (range[0] <= offset && offset <= range[2]) {
        faults.push({ offset, message: 'is an alias (*name) inside of what it stands for' });
      }
    },
  });
  return faults;
}
