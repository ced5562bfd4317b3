import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { readManifests, readUnreleased } from '../../src/changesets/read-changesets.ts';
import { rootUrl } from '../../src/checklist/read-checklist.ts';

it('each file of .changeset has a text, and names packages that exist', async () => {
  const names = new Set(readManifests().map(({ name }) => name));
  const faults = (await readUnreleased()).flatMap(({ id, releases }) =>
    releases.filter(({ name }) => !names.has(name)).map(({ name }) => `${id}: ${name} is not a package`),
  );
  expect(faults).toEqual([]);
});

it('the packages share one version and one changelog', () => {
  const config: unknown = JSON.parse(readFileSync(new URL('.changeset/config.json', rootUrl), 'utf8'));
  const schema = z.object({ changelog: z.literal(false), fixed: z.tuple([z.tuple([z.literal('@sluice/*')])]) });
  expect(schema.safeParse(config).success).toBe(true);
  expect(new Set(readManifests().map(({ version }) => version)).size).toBe(1);
});
