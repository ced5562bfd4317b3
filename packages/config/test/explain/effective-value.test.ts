import { listSettings } from '@sluice/config';
import { describe, expect, it } from 'vitest';
import { absent, anyKey } from '../load.ts';

const values = (
  yaml: string | undefined,
  env: Readonly<Record<string, string>> = anyKey,
): ReadonlyMap<string, string> =>
  new Map(
    listSettings({ env, cwd: '/srv', readFile: () => yaml ?? absent() }).settings.map(({ path, value }) => [
      path,
      value,
    ]),
  );

describe('the effective value', () => {
  it.each([
    ['server: { max_body_bytes: 104857600 }', 'server.body_budget_bytes', '419430400'],
    ['server: { max_body_bytes: 104857600 }', 'server.key_body_budget_bytes', '104857600'],
    ['limits: { max_concurrent_requests: 10, default_key_concurrency: 50 }', 'limits.default_key_concurrency', '10'],
    ['retry: { mode: secure }', 'retry.max_attempts', '6'],
    ['retry: { mode: secure, max_attempts: 2 }', 'retry.max_attempts', '2'],
    ['timeouts: { total_ms: 50000 }', 'timeouts.stream_total_ms', '50000'],
    ['{}', 'timeouts.first_token_ms', '30000'],
    ['{}', 'server.public_status', 'false'],
    ['{}', 'log.retention_days', '30'],
  ])('of %s: %s is %s', (yaml, path, value) => {
    expect(values(yaml).get(path)).toBe(value);
  });

  it('is that of the variable which overrides the setting', () => {
    const env = { ...anyKey, DRAIN_TIMEOUT_MS: '5', LOG_LEVEL: 'WARNING', METRICS_PORT: '0' };
    const found = values('log: { level: debug }', env);
    const names = ['server.drain_timeout_ms', 'worker.drain_timeout_ms', 'log.level', 'worker.metrics_port'];
    expect(names.map((name) => found.get(name))).toEqual(['5', '5', 'warn', '0']);
  });

  it('is the default in words if that depends on each request or target', () => {
    const found = values(undefined);
    expect(found.get('timeouts.whole_attempt_ms')).toBe(
      '60000 if another target is left, else the remaining time of total_ms',
    );
    expect(found.get('server.memory_limit_bytes')).toBe('no limit');
    expect(found.get('worker.max_connections')).toBe('unlimited');
  });

  it('of a list is that of the file, not that of Config, where the list has other entries too', () => {
    const found = values('keys: [{ key: sk-file-key-01, limits: { rpm: 7 } }]', anyKey);
    expect(found.get('keys[0].limits.rpm')).toBe('7');
    expect(found.get('keys[0].weight')).toBe('1');
    expect(found.has('keys[1].weight')).toBe(false);
  });

  it('of a list is shown as the operator wrote it, although Config has another form', () => {
    const found = values('server: { allowed_hosts: [LLM.corp.example] }');
    expect(found.get('server.allowed_hosts')).toBe('["LLM.corp.example"]');
  });
});
