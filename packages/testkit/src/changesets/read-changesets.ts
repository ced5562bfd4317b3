import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { rootUrl } from '../checklist/read-checklist.ts';
import { type Changeset, parseChangeset } from './changeset.ts';

const folder = new URL('.changeset/', rootUrl);
const manifestSchema = z.object({ name: z.string(), version: z.string() });

/** Returns the names of the files with changes that are not released yet, in alphabetical order. */
export const changesetFiles = (): readonly string[] =>
  globSync('*.md', { cwd: fileURLToPath(folder) })
    .filter((name) => name !== 'README.md')
    .sort();

/** @throws Error if the file does not have the form of a changeset */
export const readChangeset = (name: string): Changeset => parseChangeset(readFileSync(new URL(name, folder), 'utf8'));

/** Returns the packages and services of the repository, with their versions. */
export const readManifests = (): readonly z.infer<typeof manifestSchema>[] =>
  globSync('{packages,services}/*/package.json', { cwd: fileURLToPath(rootUrl) }).map((file) =>
    manifestSchema.parse(JSON.parse(readFileSync(new URL(file, rootUrl), 'utf8'))),
  );
