import type { ConfigProblem } from '../config-error.ts';

type Path = readonly (string | number)[];

/** Former names of settings in the previous release, and their current names. Both are read until the next release. */
const formerNames: readonly { readonly former: readonly string[]; readonly name: string }[] = [
  { former: ['breaker'], name: 'circuit' },
  { former: ['retry', 'max_rest_ms'], name: 'max_cooldown_ms' },
];

export interface Renamed {
  /** The settings under their current names. */
  readonly value: unknown;
  /** A sentence for each former name that was found. */
  readonly warnings: readonly string[];
  /** Settings that are given under both names. */
  readonly problems: readonly ConfigProblem[];
  /** Returns the path in the file for a path under the current names. */
  readonly pathInFile: (path: Path) => Path;
}

/** Renames settings with a former name to their current name. */
export function renameFormer(value: unknown): Renamed {
  const renamed = formerNames.map((names) => rename(names, value));
  return {
    value: renamed.reduce((before, { apply }) => apply(before), value),
    warnings: renamed.flatMap(({ warnings }) => warnings),
    problems: renamed.flatMap(({ problems }) => problems),
    pathInFile: (path) => renamed.reduce((before, { pathInFile }) => pathInFile(before), path),
  };
}

interface Renaming {
  readonly apply: (value: unknown) => unknown;
  readonly warnings: readonly string[];
  readonly problems: readonly ConfigProblem[];
  readonly pathInFile: (path: Path) => Path;
}

const same = <Value>(value: Value): Value => value;

function rename({ former, name }: (typeof formerNames)[number], value: unknown): Renaming {
  const path = former.join('.');
  const current = [...former.slice(0, -1), name];
  const now = current.join('.');
  const last = former.at(-1) ?? '';
  const parent = former.slice(0, -1).reduce<unknown>((part, step) => membersOf(part)?.[step], value);
  const members = membersOf(parent);
  if (members === undefined || !(last in members)) return { apply: same, warnings: [], problems: [], pathInFile: same };
  if (name in members) {
    const problems = [{ path, message: `is the former name of ${now}, which is set as well; remove ${path}` }];
    return { apply: same, warnings: [], problems, pathInFile: same };
  }
  const entries = Object.entries(members).map(([key, member]) => [key === last ? name : key, member] as const);
  return {
    apply: (whole) => withPart(whole, former.slice(0, -1), Object.fromEntries(entries)),
    warnings: [`${path} is the former name of ${now}; rename it, as the next release does not read it`],
    problems: [],
    pathInFile: (told) =>
      current.every((step, at) => told[at] === step) ? [...former, ...told.slice(former.length)] : told,
  };
}

function withPart(whole: unknown, path: readonly string[], part: unknown): unknown {
  const [step, ...below] = path;
  const members = membersOf(whole);
  return step === undefined ? part : { ...members, [step]: withPart(members?.[step], below, part) };
}

const membersOf = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
