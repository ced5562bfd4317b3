import { readFileSync } from 'node:fs';
import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';

const page = readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8');

const adapters = [
  providers.openai.create({}),
  providers.azure.create({}),
  providers.anthropic.create({}),
  providers.gemini.create({}),
  providers.bailian.create({}),
  providers.coze.create({}),
  providers.iflow.create({}),
  providers.ollama.create({}),
  providers.zai.create({}),
  providers['zai-web'].create({ signing_variant: 'none' }),
];

/** Statuses with a special meaning, as stated below the page's table. */
const own: Readonly<Record<string, readonly number[]>> = {
  iflow: [406],
  'zai-web': [405, 426],
};

/** Parses a cell such as `402`, `426, 428` or `520–530`. */
const numbersOf = (cell: string): readonly number[] =>
  cell.split(', ').flatMap((part) => {
    const [first = 0, last = first] = part.split('–').map(Number);
    return Array.from({ length: last - first + 1 }, (_, at) => first + at);
  });

/** Returns the part of the page below a heading. Throws without that heading, so that a renamed one is noticed. */
function below(heading: string): string {
  const [, text] = page.split(new RegExp(`^## ${heading}$`, 'm'));
  if (text === undefined) throw new Error(`docs/errors.md has no heading "${heading}"`);
  return text.split(/^## /m)[0] ?? '';
}

const section = below('Statuses of providers');
const documented = [...section.matchAll(/^\| ([\d–, ]+?) +\| `(\w+)` +\| \S/gm)].flatMap(([, cell = '', kind = '']) =>
  numbersOf(cell).map((status) => [status, kind] as const),
);

describe('the table of statuses in docs/errors.md', () => {
  it('has every status that a provider is known to send, each once', () => {
    const statuses = documented.map(([status]) => status);
    expect(new Set(statuses).size).toBe(statuses.length);
    const asked = [
      ...numbersOf('300–308'),
      ...numbersOf('400–418'),
      ...numbersOf('421–426'),
      428,
      429,
      431,
      451,
      498,
      499,
      ...numbersOf('500–508'),
      510,
      511,
      ...numbersOf('520–530'),
      598,
      599,
    ];
    expect(asked.filter((status) => !statuses.includes(status))).toEqual([]);
  });

  it.each(documented)('%i is %s at every provider', (status, kind) => {
    for (const adapter of adapters) {
      if (own[adapter.type]?.includes(status) === true) continue;
      for (const body of ['', '{}', '\u001f\ufffd\ufffd\ufffd\u0003']) {
        const failure = adapter.toFailure({ status, headers: {}, receivedAt: 0 }, body);
        expect([adapter.type, body, failure.kind]).toEqual([adapter.type, body, kind]);
        expect(failure.status).toBe(status);
      }
    }
  });

  it('is right about statuses that it does not list', () => {
    for (const adapter of adapters) {
      const kindOf = (status: number) => adapter.toFailure({ status, headers: {}, receivedAt: 0 }, '').kind;
      expect([kindOf(419), kindOf(450), kindOf(399), kindOf(550), kindOf(595)]).toEqual([
        'unexpected',
        'unexpected',
        'unexpected',
        'server',
        'server',
      ]);
    }
  });

  it.each([404, 405, 407, 301, 302, 308])('%i gives the operator a hint', (status) => {
    const html = '<html><head><title>Nope</title></head></html>';
    for (const body of status === 404 ? [html, '404 page not found', '{"detail":"Not Found"}'] : ['', html]) {
      const failure = providers.openai.create({}).toFailure({ status, headers: {}, receivedAt: 0 }, body);
      expect(failure.kind).toBe('unexpected');
      expect(failure.message).toMatch(/base_url|proxy/);
    }
  });
});
