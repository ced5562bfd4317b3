import { describe, expect, it } from 'vitest';
import { configurationPage } from '../../src/docs/configuration-page.ts';
import { envExample } from '../../src/docs/env-example.ts';
import { markdownTable } from '../../src/docs/markdown.ts';
import { settingSections } from '../../src/docs/setting-rows.ts';
import { variables } from '../../src/environment.ts';

const sections = settingSections();
const rowOf = (path: string) => sections.flatMap(({ rows }) => rows).find((row) => row.path === path);

describe('the row of a setting', () => {
  it('has the type in the words of its errors, without an article', () => {
    expect(rowOf('server.port')?.type).toBe('whole number from 0 to 65535');
    expect(rowOf('retry.jitter')?.type).toBe('number from 0 to 1');
    expect(rowOf('log.level')?.type).toBe('one of trace, debug, info, warn, error, fatal, silent');
    expect(rowOf('upstreams[].base_url')?.type).toBe('http or https URL without user, password, query and fragment');
    expect(rowOf('server.cors')?.type).toBe('mapping');
  });

  it.each([
    ['server.host', '`127.0.0.1`'],
    ['server.max_body_bytes', '`20971520`'],
    ['server.trust_proxy', '`false`'],
    ['server.allowed_hosts', '`[]`'],
    ['keys[].models', '`["*"]`'],
    ['timeouts.first_token_ms', '`30000`'],
    ['retry.max_attempts', 'of the mode'],
    ['server.memory_limit_bytes', 'no limit'],
    ['models[].id', 'required'],
    ['redis.username', '–'],
    ['server.cors', '–'],
  ])('of %s has the default %s', (path, standard) => {
    expect(rowOf(path)?.standard).toBe(standard);
  });

  it('follows that of its mapping, for lists and choices of types too', () => {
    const paths = sections.flatMap(({ rows }) => rows.map(({ path }) => path));
    for (const [parent, child] of [
      ['server.cors', 'server.cors.origins'],
      ['keys[].limits', 'keys[].limits.concurrency'],
      ['redis.sentinel', 'redis.sentinel.name'],
      ['redis.tls', 'redis.tls.ca'],
      ['models[].targets', 'models[].targets[].upstream'],
    ] as const) {
      expect(paths.indexOf(child)).toBe(paths.indexOf(parent) + 1);
    }
  });
});

describe('the page of all settings', () => {
  const page = configurationPage('Intro.\n\n<!-- presets -->\n');

  it('has the introduction, with the presets of retries in place of their mark', () => {
    expect(page).toContain('Intro.\n\n| Mode');
    expect(page).toMatch(/\| `fast` +\| 2 +\| exponential, 200 to 10000 ms /);
    expect(page).not.toContain('<!-- presets -->');
  });

  it('has each section in the order of the schema, with the variables that override a setting', () => {
    const headings = [...page.matchAll(/^### (.*)$/gm)].map(([, name]) => name);
    expect(headings).toEqual(sections.map(({ name }) => name));
    expect(page).toMatch(/\| `server\.port` .*\| `PORT` +\|/);
    expect(page).toMatch(/\| `worker\.drain_timeout_ms` .*\| `DRAIN_TIMEOUT_MS` +\|/);
    expect(page).toMatch(/\| `server\.hold_ms` .*\| – +\|/);
  });
});

describe('the example of an environment', () => {
  it('has each variable with an example, commented out, below its meaning as plain text', () => {
    const lines = envExample().split('\n');
    for (const [name, { example }] of Object.entries(variables)) {
      expect(lines.includes(`# ${name}=${example}`)).toBe(example !== undefined);
    }
    expect(lines.filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
    expect(envExample()).not.toContain('`');
  });
});

describe('markdownTable', () => {
  it('has columns of even width, of three characters at least', () => {
    expect(markdownTable(['a', 'long name'], [['value', '1']])).toBe(
      ['| a     | long name |', '| ----- | --------- |', '| value | 1         |'].join('\n'),
    );
    expect(markdownTable(['a'], [])).toBe('| a   |\n| --- |');
  });

  it('escapes bars, which would end a cell', () => {
    expect(markdownTable(['a'], [['x|y']])).toContain('| x\\|y |');
  });
});
