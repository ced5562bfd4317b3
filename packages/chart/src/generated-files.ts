import { readFileSync } from 'node:fs';
import { withValues } from './chart-readme.ts';
import { valuesSchema } from './schema/values-schema.ts';
import { valueRows } from './values-table.ts';

const chart = new URL('../../../deploy/helm/sluice/', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, chart), 'utf8');

/** Returns every file that this package generates. */
export function generatedFiles(): readonly { readonly url: URL; readonly text: string }[] {
  return [
    { url: new URL('values.schema.json', chart), text: `${JSON.stringify(valuesSchema(), null, 2)}\n` },
    { url: new URL('README.md', chart), text: withValues(read('README.md'), valueRows(read('values.yaml'))) },
  ];
}
