import { loadConfig, type EffectiveSetting, type SettingsList } from '@sluice/config';
import { describe, expect, it } from 'vitest';
import { type Check, ok, problem, warning } from '../../src/doctor/check.ts';
import { countOf, toJson, toText } from '../../src/doctor/report.ts';

const checks: readonly Check[] = [
  ok('machine.node', 'Node.js is new enough.'),
  { ...warning('upstream.models', 'two\nlines', 'Correct the name.'), about: 'upstream one' },
  problem('redis.connect', 'Nothing listens.', 'Start Redis.'),
];

const readFile = (): never => {
  throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
};
const config = loadConfig({ env: {}, cwd: '/srv', isKeyRequired: false, readFile });
const setting = (path: string, value: string, origin: EffectiveSetting['origin']): EffectiveSetting => ({
  path,
  value,
  isSecret: false,
  origin,
});
const settings: SettingsList = {
  config,
  file: './sluice.yaml',
  profile: undefined,
  settings: [
    setting('server.port', '8080', { kind: 'default' }),
    setting('redis.url', 'redis://r', { kind: 'variable', name: 'REDIS_URL' }),
    setting('keys[0].name', 'k', { kind: 'file', file: './sluice.yaml', line: 2, variables: [] }),
    setting('keys[0].limits.rpm', '60', { kind: 'default' }),
  ],
};

describe('the report for people', () => {
  it('has a line for each check, its advice below it, and a summary', () => {
    expect(toText({ settings: undefined, checks }).split('\n')).toEqual([
      'Checks',
      '  ok       Node.js is new enough.',
      '  warning  Upstream one: two',
      '           lines',
      '           Correct the name.',
      '  problem  Nothing listens.',
      '           Start Redis.',
      '',
      '1 problem and 1 warning.',
    ]);
  });

  it('has the settings in columns, without the defaults within lists', () => {
    const [title, ...lines] = toText({ settings, checks: [] }).split('\n');
    expect(title).toBe('Settings');
    expect(lines.slice(0, 4)).toEqual([
      '  server.port   8080       default',
      '  redis.url     redis://r  environment variable REDIS_URL',
      '  keys[0].name  k          ./sluice.yaml:2',
      '',
    ]);
  });

  it.each<[readonly Check['level'][], string]>([
    [[], 'No problem was found.'],
    [['ok'], 'No problem was found.'],
    [['warning'], '1 warning.'],
    [['warning', 'ok', 'warning'], '2 warnings.'],
    [['problem', 'problem'], '2 problems.'],
    [['problem', 'warning', 'warning'], '1 problem and 2 warnings.'],
  ])('sums up %j', (levels, summary) => {
    const found = levels.map((level): Check => ({ id: 'doctor', level, text: '' }));
    expect(toText({ settings: undefined, checks: found }).split('\n').at(-1)).toBe(summary);
  });
});

describe('the report for machines', () => {
  it('has all settings, all checks and their counts', () => {
    expect(JSON.parse(toJson({ settings, checks }))).toEqual({
      ok: false,
      problems: 1,
      warnings: 1,
      file: './sluice.yaml',
      profile: null,
      settings: settings.settings.map(({ path, value, origin }) => ({ path, value, origin })),
      checks,
    });
  });

  it('is ok with warnings alone, and has no settings of a configuration that can not be read', () => {
    const report = toJson({ settings: undefined, checks: [warning('ports', 'taken')] });
    expect(JSON.parse(report)).toMatchObject({ ok: true, warnings: 1, file: null, settings: null });
  });
});

it('the checks are counted by level', () => {
  expect(countOf([...checks, ...checks])).toEqual({ ok: 2, warning: 2, problem: 2 });
});
