import type { z } from 'zod';
import type { ConfigProblem } from '../config-error.ts';
import { explainIssues } from './explain-issues.ts';
import { type Settings, settings } from './settings.ts';
import { settingNames } from './tree.ts';

type Path = readonly PropertyKey[];

/** The content of a file after interpolation. */
export interface RawSettings {
  /** Changed in place: texts become numbers or booleans if the schema requires those. */
  readonly value: unknown;
  /** Paths of texts that came from the environment as a whole, and can therefore be a number, true or false. */
  readonly interpolated: readonly Path[];
}

export type ParsedSettings =
  | { readonly settings: Settings; readonly problems?: never }
  | { readonly settings?: never; readonly problems: readonly ConfigProblem[] };

/** Validates the content of a file and fills in the defaults. */
export function parseSettings({ value, interpolated }: RawSettings): ParsedSettings {
  let parsed = settings.safeParse(value);
  if (!parsed.success && interpolated.length > 0) {
    const waiting = new Map(interpolated.map((path) => [JSON.stringify(path), path]));
    for (const { path, expected } of wrongTypes(parsed.error.issues)) {
      const found = waiting.get(JSON.stringify(path));
      if (found !== undefined) retype(value, found, expected);
    }
    parsed = settings.safeParse(value);
  }
  if (parsed.success) return { settings: parsed.data };
  return { problems: explainIssues(parsed.error.issues, settingNames) };
}

/** Returns the paths of values of a wrong type, with the expected type; for a union, with that of each branch. */
function wrongTypes(
  issues: readonly z.core.$ZodIssue[],
  above: Path = [],
): { readonly path: Path; readonly expected: string }[] {
  return issues.flatMap((issue) => {
    const path = [...above, ...issue.path];
    if (issue.code === 'invalid_type') return [{ path, expected: issue.expected }];
    return issue.code === 'invalid_union' ? issue.errors.flatMap((branch) => wrongTypes(branch, path)) : [];
  });
}

function retype(root: unknown, path: Path, expected: string): void {
  let parent = root as Record<PropertyKey, unknown>;
  for (const step of path.slice(0, -1)) parent = parent[step] as Record<PropertyKey, unknown>;
  const last = path.at(-1) ?? '';
  const text = parent[last];
  if (typeof text === 'string') parent[last] = fromText(text, expected);
}

function fromText(text: string, expected: string): unknown {
  if (expected === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  if (expected === 'number' && /^-?\d+(?:\.\d+)?$/.test(text)) return Number(text);
  return text;
}
