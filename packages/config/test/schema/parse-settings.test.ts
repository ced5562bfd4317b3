import { describe, expect, it } from 'vitest';
import { parseSettings } from '../../src/schema/parse-settings.ts';
import { settingNames } from '../../src/schema/tree.ts';

describe('parseSettings', () => {
  const parse = (value: unknown, ...interpolated: (readonly PropertyKey[])[]) => parseSettings({ value, interpolated });

  it('fills in the defaults', () => {
    expect(parse({}).settings).toMatchObject({ keys: [], server: { host: '127.0.0.1', cors: { origins: [] } } });
  });

  it('turns a text from the environment into the type of its setting', () => {
    const value = { server: { port: '80', trust_proxy: 'true', host: '10' }, redis: { tls: 'false' } };
    const { settings } = parse(
      value,
      ['server', 'port'],
      ['server', 'trust_proxy'],
      ['server', 'host'],
      ['redis', 'tls'],
    );
    expect(settings?.server).toMatchObject({ port: 80, trust_proxy: true, host: '10' });
    expect(settings?.redis.tls).toBe(false);
  });

  it('turns it into a number within a list and below a choice of types too', () => {
    const value = {
      keys: [{ key: 'sk-team-a-0001', weight: '2.5' }],
      redis: { tls: { reject_unauthorized: 'false' } },
    };
    const { settings } = parse(value, ['keys', 0, 'weight'], ['redis', 'tls', 'reject_unauthorized']);
    expect(settings?.keys[0]?.weight).toBe(2.5);
    expect(settings?.redis.tls).toEqual({ reject_unauthorized: false });
  });

  it('leaves a text of the file itself as it is', () => {
    expect(parse({ server: { port: '80' } }).problems).toEqual([
      { path: 'server.port', message: 'must be a whole number from 0 to 65535' },
    ]);
    expect(parse({ server: { port: '80', host: 'h' } }, ['server', 'host']).problems).toHaveLength(1);
  });

  it.each(['', '0x50', '1e3', '80 ', '+80', '.5', 'TRUE', 'yes'])('does not read %j as a number or a flag', (text) => {
    const value = { server: { port: text, trust_proxy: text } };
    expect(parse(value, ['server', 'port'], ['server', 'trust_proxy']).problems).toHaveLength(2);
  });

  it('reports a problem once, although a number breaks two rules with the same words', () => {
    expect(parse({ server: { port: -1.5 } }).problems).toEqual([
      { path: 'server.port', message: 'must be a whole number from 0 to 65535' },
    ]);
  });

  it('reports each unknown setting of a mapping by itself', () => {
    expect(parse({ queue: { shard: 1, colour: 2 } }).problems).toEqual([
      { path: 'queue.shard', message: 'is not a setting; did you mean shards?' },
      { path: 'queue.colour', message: expect.stringMatching(/^is not a setting; known here are shards/) },
    ]);
  });

  it.each([[undefined], [null], ['text'], [[]]])('refuses a file that is %j', (value) => {
    expect(parse(value).problems).toEqual([{ path: '', message: expect.stringContaining('be a mapping of settings') }]);
  });
});

describe('settingNames', () => {
  it('returns the sections of the file for the empty path', () => {
    expect(settingNames([])).toEqual(expect.arrayContaining(['server', 'keys', 'models']));
  });

  it('returns the settings of a mapping, within lists and below a choice of types too', () => {
    const limits = settingNames(['keys', 3, 'limits']);
    expect(limits).toEqual(expect.arrayContaining(['concurrency', 'rpm', 'rpm_burst']));
    expect(limits).not.toContain('name');
    expect(settingNames(['redis', 'tls'])).toEqual(expect.arrayContaining(['ca', 'reject_unauthorized']));
  });

  it.each([[['server', 'port']], [['nothing']], [['server', 0]], [['keys', 'name']]])('returns none for %j', (path) => {
    expect(settingNames(path)).toEqual([]);
  });
});
