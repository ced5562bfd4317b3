import { readdirSync, readFileSync } from 'node:fs';
import { type ProviderType, providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';

const folder = new URL('../../../docs/providers/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
const types = Object.keys(providers) as ProviderType[];

/** Required options of an upstream of the type. */
const leastOptions: Partial<Record<ProviderType, object>> = { 'zai-web': { signing_variant: 'none' } };

/** Rows for options that change the abilities of a type, by the word after the type. */
const variants: Readonly<Record<string, { readonly type: ProviderType; readonly options: object }>> = {
  '`bailian`, `compatible`': { type: 'bailian', options: { mode: 'compatible' } },
};

function cellsOf(type: ProviderType, options: object): readonly string[] {
  const { defaultBaseUrl } = providers[type];
  const { capabilities, embeddings, models } = providers[type].create(options, defaultBaseUrl);
  const { parameters, images, reasoning, streamUsage, prefill } = capabilities;
  return [
    defaultBaseUrl === undefined ? '–' : `\`${defaultBaseUrl}\``,
    yesNo(parameters === 'any' || parameters.has('tools')),
    imagesInWords[images.join()] ?? 'no',
    yesNo(reasoning),
    yesNo(streamUsage),
    yesNo(prefill !== 'none'),
    yesNo(embeddings !== undefined),
    yesNo(models !== undefined),
  ];
}

const yesNo = (can: boolean): string => (can ? 'yes' : 'no');
const imagesInWords: Readonly<Record<string, string>> = {
  'https,data': 'passed on',
  data: 'fetched',
  https: 'https only',
};

describe('the index of providers', () => {
  const rows = read('README.md')
    .split('\n')
    .filter((line) => line.startsWith('| ['))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

  it('lists the abilities of each', () => {
    const shown = rows.map(([name = '', _what, ...cells]) => [name.replace(/\[(.+?)\]\(.+?\)/, '$1'), ...cells]);
    const expected = [
      ...types.map((type) => [`\`${type}\``, ...cellsOf(type, leastOptions[type] ?? {})]),
      ...Object.entries(variants).map(([name, { type, options }]) => [name, ...cellsOf(type, options)]),
    ];
    expect(shown).toHaveLength(expected.length);
    expect(shown).toEqual(expect.arrayContaining(expected));
  });

  it('links a page for each provider', () => {
    const linked = rows.flatMap(([name = '']) => name.match(/\((.+?)\)/)?.[1] ?? []);
    const pages = readdirSync(folder).filter((name) => name !== 'README.md');
    expect([...new Set(linked)].sort()).toEqual(pages.sort());
    expect(pages.sort()).toEqual(types.map((type) => `${type}.md`).sort());
  });
});

describe('the page of a provider', () => {
  it.each(types)('%s has the sections on configuration, mapping, refused fields and limits', (type) => {
    const text = read(`${type}.md`);
    expect(text).toMatch(new RegExp(`^# \`${type}\`: `));
    expect(text).toMatch(new RegExp(`\`\`\`yaml\nupstreams:\n  - id: .*\n    type: ${type}\\b`));
    const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    const expected = ['What maps to what', 'What is refused', 'Limits'];
    expect(headings.filter((heading) => expected.includes(heading ?? ''))).toEqual(expected);
  });
});
