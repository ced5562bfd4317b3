import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { changesetFiles, readChangeset, readManifests } from '../../src/changesets/read-changesets.ts';
import { rootUrl } from '../../src/checklist/read-checklist.ts';

const names = new Set(readManifests().map(({ name }) => name));

function faultsOf(file: string): string[] {
  try {
    const unknown = [...readChangeset(file).releases.keys()].filter((name) => !names.has(name));
    return unknown.map((name) => `${file}: ${name} is not a package of this repository`);
  } catch (error) {
    return [`${file}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

it('each file of .changeset can be parsed, and names packages that exist', () => {
  expect(changesetFiles().flatMap(faultsOf)).toEqual([]);
});

it('the packages share one version and one changelog', () => {
  const config: unknown = JSON.parse(readFileSync(new URL('.changeset/config.json', rootUrl), 'utf8'));
  const schema = z.object({ changelog: z.literal(false), fixed: z.tuple([z.tuple([z.literal('@sluice/*')])]) });
  expect(schema.safeParse(config).success).toBe(true);
  expect(new Set(readManifests().map(({ version }) => version)).size).toBe(1);
});
