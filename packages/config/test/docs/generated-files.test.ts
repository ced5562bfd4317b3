import { readFileSync } from 'node:fs';
import { ConfigError, loadConfig } from '@sluice/config';
import { describe, expect, it } from 'vitest';
import { generatedFiles } from '../../src/docs/generated-files.ts';
import { withoutLinks } from '../../src/docs/markdown.ts';
import { settingSections } from '../../src/docs/setting-rows.ts';
import { variables } from '../../src/environment.ts';

describe('generated files', () => {
  it.each(generatedFiles().map(({ url, text }) => [url.pathname.split('/').slice(-2).join('/'), url, text] as const))(
    '%s is as it follows from the settings (if not: npm run generate -w @sluice/config)',
    (_, url, text) => {
      expect(readFileSync(url, 'utf8')).toBe(text);
    },
  );

  it('have links only in docs/, because they do not work elsewhere', () => {
    const isLinking = (text: string): boolean => /\]\((?:#|https?:|[\w./-]+\.md)/.test(text);
    const linking = generatedFiles().filter(({ text }) => isLinking(text));
    expect(linking.map(({ url }) => url.pathname.split('/').slice(-2).join('/'))).toEqual(['docs/configuration.md']);
  });

  it.each([
    ['See [migrating](migrate.md#keys).', 'See migrating (docs/migrate.md).'],
    [
      'see [security](../SECURITY.md) and [a type](providers/zai.md)',
      'see security (SECURITY.md) and a type (docs/providers/zai.md)',
    ],
    ['see [load balancers](#load-balancers)', 'see load balancers (docs/configuration.md)'],
    ['[RFC 9209](https://www.rfc-editor.org/rfc/rfc9209)', 'RFC 9209 (https://www.rfc-editor.org/rfc/rfc9209)'],
    ['`keys[0]` (the first)', '`keys[0]` (the first)'],
  ])('have text in place of %s elsewhere', (text, expected) => {
    expect(withoutLinks(text)).toBe(expected);
  });

  it('have the meaning and the type of every setting', () => {
    const rows = settingSections().flatMap((section) => section.rows);
    expect(rows.length).toBeGreaterThan(60);
    expect(rows.filter(({ meaning, type }) => meaning === '' || type === '')).toEqual([]);
    expect(new Set(rows.map(({ path }) => path)).size).toBe(rows.length);
  });

  it('name existing settings for each variable', () => {
    const paths = settingSections().flatMap(({ name, rows }) => [name, ...rows.map(({ path }) => path)]);
    const named = Object.values(variables).flatMap(({ settings }) => settings);
    expect(named.filter((path) => !paths.includes(path))).toEqual([]);
  });
});

describe('docs/sluice.example.yaml', () => {
  const text = readFileSync(new URL('../../../../docs/sluice.example.yaml', import.meta.url), 'utf8');
  const env = {
    TEAM_A_KEY: 'sk-team-a-0001',
    OPENAI_API_KEY: 'one',
    OPENAI_SPARE_KEY: 'two',
    ANTHROPIC_API_KEY: 'three',
  };
  const load = (variables: Readonly<Record<string, string>>) =>
    loadConfig({ env: variables, cwd: '/srv', readFile: () => text });

  it('is a valid configuration', () => {
    const config = load(env);
    expect(config.demo).toBe(false);
    expect(config.keys.map(({ name }) => name)).toEqual(['team-a', 'nightly-jobs']);
    expect(config.upstreams.map(({ id, credentials }) => [id, credentials.length])).toEqual([
      ['openai', 2],
      ['local', 1],
      ['claude', 1],
    ]);
    expect(config.retry).toMatchObject({ maxAttempts: 3, baseDelayMs: 1000 });
  });

  it('names the variables that it needs', () => {
    expect(() => load({})).toThrow(ConfigError);
    for (const name of Object.keys(env)) expect(() => load({})).toThrow(`needs the environment variable ${name}`);
  });
});
