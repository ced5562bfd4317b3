import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { waitForUpdate } from '@pydantic/genai-prices';
import { expect, test } from 'vitest';
import { buildTable } from './generate/build-table.ts';
import { release } from './generate/release.ts';
import { tableFile, tableText } from './generate/table-file.ts';

test('has the prices of the installed package', async () => {
  expect(
    readFileSync(tableFile, 'utf8') === (await tableText()),
    'src/price-table.ts is out of date: run npm run generate -w @sluice/prices',
  ).toBe(true);
});

test('names the release of the installed package', () => {
  const path = createRequire(import.meta.url)
    .resolve('@pydantic/genai-prices')
    .replace(/dist\/.*$/, 'package.json');
  const { name, version }: Record<string, unknown> = JSON.parse(readFileSync(path, 'utf8'));
  expect({ package: name, version }, 'test/generate/release.ts: give the new version and its day').toEqual({
    package: release.package,
    version: release.version,
  });
});

test('has a source for each provider', async () => {
  const { providers } = buildTable((await waitForUpdate()) ?? []);
  expect(providers.filter(({ source }) => !source.startsWith('https://'))).toEqual([]);
});

test('refuses a kind of price that it does not know', () => {
  const provider = { id: 'new', name: 'New', api_pattern: 'https://new', models: [] };
  const model = { id: 'm', match: { equals: 'm' }, prices: { input_smell_mtok: 1 } };
  expect(() => buildTable([{ ...provider, models: [model] }])).toThrow('input_smell_mtok: is a new kind of price');
});
