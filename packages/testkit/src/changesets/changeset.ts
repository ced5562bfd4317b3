import { z } from 'zod';

/** Kinds of a change, the largest first: what breaks for clients or operators, what is new or different, what is mended. */
export const bumps = ['major', 'minor', 'patch'] as const;
const bumpSchema = z.enum(bumps);
export type Bump = z.infer<typeof bumpSchema>;

/** A change that clients or operators notice, as a file of `.changeset` describes it. */
export interface Changeset {
  /** Changed packages, each with the kind of its change. */
  readonly releases: ReadonlyMap<string, Bump>;
  /** Markdown for the changelog. */
  readonly text: string;
}

/**
 * Parses a file of `.changeset`: front matter with a line `"@sluice/ingress": minor` for each package, then the text.
 * Takes less than the tool changesets does: no comments, and no release of kind `none`.
 * @throws Error that says what is wrong and what is wanted
 */
export function parseChangeset(file: string): Changeset {
  const [, head, text = ''] = /^---\n([^]*?)\n---\n([^]*)$/.exec(file) ?? [];
  if (head === undefined) throw new Error('the file must begin with "---", a line for each package, and "---"');
  if (text.trim() === '') throw new Error('a text for the changelog must follow the second "---"');
  return { releases: new Map(head.split('\n').map(parseRelease)), text: text.trim() };
}

function parseRelease(line: string): readonly [string, Bump] {
  const [, double, single, kind] = /^(?:"([^"]+)"|'([^']+)'): (\w+)$/.exec(line) ?? [];
  const name = double ?? single;
  const bump = bumpSchema.safeParse(kind).data;
  if (name !== undefined && bump !== undefined) return [name, bump];
  throw new Error(`a line must read "<package>": ${bumps.join(' | ')}; it is ${line}`);
}

/** Returns the largest kind of change. */
export const bumpOf = ({ releases }: Pick<Changeset, 'releases'>): Bump =>
  bumps.find((bump) => [...releases.values()].includes(bump)) ?? 'patch';
