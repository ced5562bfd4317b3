import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Seed, seedSchema } from './row.ts';

/** URL of the repository's root. */
export const rootUrl = new URL('../../../../', import.meta.url);

const folder = new URL('../../checklist/', import.meta.url);

/**
 * Reads every promise of the READMEs of the gateways that Sluice replaces, in the order of their numbers.
 * @throws ZodError for a row that has another shape
 */
export function readChecklist(): readonly Seed[] {
  return globSync('*.json', { cwd: fileURLToPath(folder) })
    .sort()
    .map((name) => seedSchema.parse(JSON.parse(readFileSync(new URL(name, folder), 'utf8'))));
}
