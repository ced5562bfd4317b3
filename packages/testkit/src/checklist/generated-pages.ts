import { readFileSync } from 'node:fs';
import { findCarriedRows } from './carried-rows.ts';
import { readmeWithSeeds, seedsPage } from './pages.ts';
import { readChecklist, rootUrl } from './read-checklist.ts';

/** A page that is generated from the checklist, wholly or in part. */
export interface GeneratedPage {
  readonly url: URL;
  readonly text: string;
}

/** Returns every generated page. */
export function generatedPages(): GeneratedPage[] {
  const seeds = readChecklist();
  const readme = new URL('README.md', rootUrl);
  return [
    { url: new URL('docs/seeds.md', rootUrl), text: seedsPage(seeds, findCarriedRows()) },
    { url: readme, text: readmeWithSeeds(readFileSync(readme, 'utf8'), seeds) },
  ];
}
