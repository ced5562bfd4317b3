import { expect, test } from 'vitest';
import { readyBlock } from '../src/ready-block.ts';

const facts = {
  baseUrl: 'http://127.0.0.1:8080/v1',
  apiKey: 'sk-abc',
  model: 'demo',
  redis: 'redis-server 7.0.15',
  metrics: ['http://127.0.0.1:9463/metrics'],
  logs: '.sluice/logs',
};

const curlOf = (block: string) => block.split('\n').filter((line) => line.startsWith('curl '));

test('shows base URL, key, and one line of curl that streams from the model', () => {
  const block = readyBlock(facts);
  expect(block).toContain('Base URL  http://127.0.0.1:8080/v1');
  expect(block).toContain('API key   sk-abc');
  expect(curlOf(block)).toEqual([
    "curl -N http://127.0.0.1:8080/v1/chat/completions -H 'Authorization: Bearer sk-abc' " +
      "-H 'Content-Type: application/json' " +
      `-d '{"model":"demo","stream":true,"messages":[{"role":"user","content":"Tell me a story."}]}'`,
  ]);
});

test('leaves the key to a variable when only its hash is known', () => {
  expect(curlOf(readyBlock({ ...facts, apiKey: undefined }))[0]).toContain(
    '-H "Authorization: Bearer $SLUICE_API_KEY"',
  );
});

test('quotes a model name for the shell', () => {
  expect(curlOf(readyBlock({ ...facts, model: "it's" }))[0]).toContain(`-d '{"model":"it'\\''s",`);
});
