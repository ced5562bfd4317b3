import { expect, test } from 'vitest';
import { readyBlock } from '../src/ready-block.ts';

const facts = {
  baseUrl: 'http://127.0.0.1:8080/v1',
  isOnEveryAddress: false,
  key: { kind: 'plain', text: 'sk-abc' },
  model: 'demo',
  redis: 'redis-server 7.0.15',
  database: 'PostgreSQL 18.4, with its data in .sluice/postgres',
  metrics: ['http://127.0.0.1:9463/metrics'],
  logs: ['.sluice/logs'],
} as const;

const curlOf = (block: string) => block.split('\n').filter((line) => line.startsWith('curl '));

test('shows base URL, key, database, and one line of curl that streams from the model', () => {
  const block = readyBlock(facts);
  expect(block).toContain('Base URL  http://127.0.0.1:8080/v1');
  expect(block).toContain('API key   sk-abc');
  expect(block).toContain('Database  PostgreSQL 18.4, with its data in .sluice/postgres\n');
  expect(curlOf(block)).toEqual([
    "curl -N http://127.0.0.1:8080/v1/chat/completions -H 'Authorization: Bearer sk-abc' " +
      "-H 'Content-Type: application/json' " +
      `-d '{"model":"demo","stream":true,"messages":[{"role":"user","content":"Tell me a story."}]}'`,
  ]);
});

test('uses a variable for the key when only its hash is known', () => {
  expect(curlOf(readyBlock({ ...facts, key: { kind: 'hashed' } }))[0]).toContain(
    '-H "Authorization: Bearer $SLUICE_API_KEY"',
  );
});

test('quotes a model name for the shell', () => {
  expect(curlOf(readyBlock({ ...facts, model: "it's" }))[0]).toContain(`-d '{"model":"it'\\''s",`);
});

test('shows no key when clients need none', () => {
  const block = readyBlock({ ...facts, key: { kind: 'none' } });
  expect(block).toContain('API key   none needed');
  expect(curlOf(block)[0]).not.toContain('Authorization');
});

test('says that other machines can call, that there are more logs, and what replaces MODEL', () => {
  const block = readyBlock({ ...facts, isOnEveryAddress: true, logs: ['.sluice/logs', './p.log'], model: undefined });
  expect(block).toContain('/v1 (and at every other address of this machine)\n');
  expect(block).toContain('Logs      .sluice/logs, ./p.log\n');
  expect(block).toContain('put the name of one of your models in the place of MODEL:');
  expect(curlOf(block)[0]).toContain('"model":"MODEL"');
});
