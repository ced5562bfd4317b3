import { readdirSync, readFileSync } from 'node:fs';
import { loadConfig } from '@sluice/config';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const root = new URL('../../../../', import.meta.url);

/** Page of an invented provider; packages/providers/test/sample loads it. */
const madeUp = 'docs/add-a-provider.md';

const pages = [
  'README.md',
  ...readdirSync(new URL('docs/', root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
    .filter((name) => name !== madeUp),
].sort();

interface Block {
  readonly page: string;
  /** Number of the first line. */
  readonly line: number;
  readonly text: string;
}

function blocksOf(page: string): Block[] {
  const markdown = readFileSync(new URL(page, root), 'utf8');
  return [...markdown.matchAll(/^```ya?ml\n(.*?)^```$/gms)].map(({ 1: text = '', index }) => ({
    page,
    line: markdown.slice(0, index).split('\n').length + 1,
    text,
  }));
}

const fragmentSchema = z
  .object({
    upstreams: z.array(z.object({ id: z.string() })).optional(),
    models: z.array(z.object({ targets: z.array(z.object({ upstream: z.string() })) })).optional(),
  })
  .nullable();

/** Completes a part of a file with the settings that the page omits. */
function completed(text: string): string {
  const { upstreams, models } = fragmentSchema.parse(parse(text)) ?? {};
  const named = [...new Set(models?.flatMap(({ targets }) => targets.map(({ upstream }) => upstream)) ?? ['any'])];
  const served = upstreams?.[0]?.id ?? named[0];
  return [
    text,
    ...(upstreams === undefined ? ['upstreams:'] : []),
    ...(upstreams === undefined
      ? named.map((id) => `  - { id: ${id}, type: openai, base_url: 'http://127.0.0.1:1' }`)
      : []),
    ...(models === undefined ? [`models: [{ id: '*', targets: [{ upstream: ${served} }] }]`] : []),
  ].join('\n');
}

/** Returns an environment with every variable that the text names. */
function environmentFor(text: string): Record<string, string> {
  const names = [...text.matchAll(/\$\{(\w+)\}/g)].map(({ 1: name = '' }) => name);
  return {
    ...Object.fromEntries(names.map((name) => [name, valueOf(name)])),
    SLUICE_API_KEYS: 'sk-any-key-0001',
    SLUICE_SECRET_KEY: 'any-secret-key-0001',
  };
}

/** A URL must have the form of one. */
const valueOf = (name: string): string =>
  name === 'RECORDS_URL' ? 'postgres://sluice@db.example/sluice' : `the-value-of-${name}`;

const blocks = pages.flatMap(blocksOf);

describe('a YAML block of the documentation', () => {
  it('is on many pages', () => {
    expect(new Set(blocks.map(({ page }) => page)).size).toBeGreaterThan(10);
  });

  it.each(blocks.map((block) => [`${block.page}:${block.line}`, block] as const))(
    '%s is a good configuration',
    (_, { text }) => {
      const config = loadConfig({ env: environmentFor(text), cwd: '/srv', readFile: () => completed(text) });
      expect(config.models.length).toBeGreaterThan(0);
      expect(config.warnings).toEqual([]);
    },
  );
});
