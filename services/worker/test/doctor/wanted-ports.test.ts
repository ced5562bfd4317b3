import { profiles } from '@sluice/compat';
import { loadConfig } from '@sluice/config';
import { describe, expect, it } from 'vitest';
import { judgePort } from '../../src/doctor/machine/ports.ts';
import { wantedPorts } from '../../src/doctor/wanted-ports.ts';

/** Returns the rule for a taken port, by setting. */
function needs(yaml: string | undefined, env: Readonly<Record<string, string>> = {}): Record<string, string> {
  const readFile = (): string => {
    if (yaml === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    return yaml;
  };
  const config = loadConfig({ env, cwd: '/srv', isKeyRequired: false, readFile, profiles });
  return Object.fromEntries(wantedPorts(config, env).map(({ setting, port, need }) => [`${setting} ${port}`, need]));
}

describe('a port that is taken', () => {
  it('is replaced if it is the default', () => {
    expect(needs(undefined)).toEqual({
      'PORT 8080': 'npm_start',
      'server.metrics_port 9463': 'any',
      'worker.metrics_port 9464': 'any',
      'SIMULATOR_PORT 9900': 'npm_start',
    });
  });

  it.each([
    [undefined, { PORT: '8080' }, 'PORT 8080'],
    ['server: { port: 8080 }', {}, 'PORT 8080'],
    [undefined, { SIMULATOR_PORT: '9900' }, 'SIMULATOR_PORT 9900'],
    ['worker: { metrics_port: 9464 }', {}, 'worker.metrics_port 9464'],
    [undefined, { SLUICE_COMPAT: 'unified-proxy', API_KEY: 'sk-own-0001', BASE_URL: 'http://h/v1' }, 'PORT 8000'],
  ])('is a problem where %o and %o have chosen it', (yaml, env, port) => {
    expect(needs(yaml, env)).toMatchObject({ [port]: 'must' });
  });

  it('named by METRICS_PORT is the worker’s under npm start, and the ingress takes its usual one', () => {
    const both = { 'server.metrics_port 9463': 'any', 'METRICS_PORT 9700': 'must' };
    expect(needs(undefined, { METRICS_PORT: '9700' })).toMatchObject(both);
    expect(needs('server: { metrics_port: 9800 }', { METRICS_PORT: '9700' })).toMatchObject(both);
    for (const text of ['', 'tcp://10.0.0.1:9464']) {
      expect(needs(undefined, { METRICS_PORT: text })).toMatchObject({ 'worker.metrics_port 9464': 'any' });
    }
  });
});

describe('an address on which no process may listen', () => {
  it.each([
    ['ENOTFOUND', ['HOST', 'METRICS_HOST', 'METRICS_HOST', 'SIMULATOR_PORT']],
    ['EADDRNOTAVAIL', ['HOST', 'METRICS_HOST', 'METRICS_HOST', 'SIMULATOR_PORT']],
    ['EACCES', ['PORT', 'server.metrics_port', 'worker.metrics_port', 'SIMULATOR_PORT']],
  ])('is reported with the wrong setting: %s', (code, settings) => {
    const env = {};
    const readFile = (): never => {
      throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    };
    const config = loadConfig({ env, cwd: '/srv', isKeyRequired: false, readFile });
    const advice = wantedPorts(config, env).map(
      (wanted) => judgePort({ ...wanted, state: { kind: 'refused', code } }).advice,
    );
    expect(advice).toEqual(settings.map((name) => `Set ${name} to another value.`));
  });
});
