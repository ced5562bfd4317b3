import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readChangesets } from '@changesets/read';
import { z } from 'zod';
import { rootUrl } from '../checklist/read-checklist.ts';

/** Kinds of a change, the largest first: what breaks for clients or operators, what is new or different, what is mended. */
export const bumps = ['major', 'minor', 'patch'] as const;
export type Bump = (typeof bumps)[number];

const changesetsSchema = z.array(
  z.object({
    /** Name of the file, without `.md`. */
    id: z.string(),
    /** Changed packages. */
    releases: z.array(z.object({ name: z.string(), type: z.enum(bumps) })).nonempty(),
    /** Markdown for the changelog. */
    summary: z.string().trim().min(1),
  }),
);

/** A change that clients or operators notice, as a file of `.changeset` describes it. */
export type Changeset = z.infer<typeof changesetsSchema>[number];

const manifestSchema = z.object({ name: z.string(), version: z.string() });

/**
 * Returns the changes that are not released yet, in the order of their files' names.
 * @throws Error if a file does not have the form of a changeset, or has no text
 */
export async function readUnreleased(): Promise<readonly Changeset[]> {
  const changesets = changesetsSchema.parse(await readChangesets(fileURLToPath(rootUrl)));
  return changesets.sort((one, other) => (one.id < other.id ? -1 : 1));
}

/** Returns the packages and services of the repository, with their versions. */
export const readManifests = (): readonly z.infer<typeof manifestSchema>[] =>
  globSync('{packages,services}/*/package.json', { cwd: fileURLToPath(rootUrl) }).map((file) =>
    manifestSchema.parse(JSON.parse(readFileSync(new URL(file, rootUrl), 'utf8'))),
  );
