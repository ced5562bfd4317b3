import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readSettings } from '../src/settings.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function settingsOf(yaml: string, env: Readonly<Record<string, string>> = {}): ReturnType<typeof readSettings> {
  const root = mkdtempSync(join(tmpdir(), 'sluice-settings-'));
  folders.push(root);
  writeFileSync(join(root, 'sluice.yaml'), yaml);
  return readSettings(env, root);
}

describe('the Redis of the settings', () => {
  it.each([
    ['nobody names', '', {}, { kind: 'url', url: undefined, setting: 'REDIS_URL' }],
    ['the file names', 'redis: { url: redis://h:7 }', {}, { kind: 'url', url: 'redis://h:7', setting: 'redis.url' }],
    [
      'the environment names',
      'redis: { url: redis://h:7 }',
      { REDIS_URL: 'redis://other:8/2' },
      { kind: 'url', url: 'redis://other:8/2', setting: 'REDIS_URL' },
    ],
    [
      'has its password beside the URL',
      'redis: { url: redis://h:7, username: u, password: "p@ss", tls: true }',
      {},
      { kind: 'url', url: 'rediss://u:p%40ss@h:7', setting: 'redis.url' },
    ],
    ['is a cluster', 'redis: { cluster: ["a:1", "b:2"] }', {}, { kind: 'configured' }],
    ['has sentinels', 'redis: { sentinel: { name: m, nodes: ["a:1"] } }', {}, { kind: 'configured' }],
  ])('that %s', (_, yaml, env, redis) => {
    expect(settingsOf(yaml, env).redis).toEqual(redis);
  });
});

describe('the model to try', () => {
  it('is the first that is no glob', () => {
    const upstream = 'upstreams: [{ id: u, type: openai, base_url: "http://127.0.0.1:1/v1" }]';
    const model = (id: string): string => `{ id: "${id}", targets: [{ upstream: u }] }`;
    expect(settingsOf(`${upstream}\nmodels: [${model('gpt-*')}, ${model('small')}]`).model).toBe('small');
    expect(settingsOf(`${upstream}\nmodels: [${model('gpt-*')}]`).model).toBe('MODEL');
  });
});

it('a file with a mistake ends in the configuration’s own words', () => {
  expect(() => settingsOf('server: { port: x }')).toThrow(/server\.port/);
});

describe('the ports of the settings', () => {
  it('are not those of the services that Kubernetes tells of', () => {
    const links = { PORT: 'tcp://10.0.0.1:80', METRICS_PORT: 'tcp://10.0.0.1:1', SIMULATOR_PORT: 'tcp://10.0.0.1:2' };
    expect(settingsOf('{}', links)).toEqual(settingsOf('{}'));
  });
});
