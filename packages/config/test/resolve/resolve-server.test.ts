import { describe, expect, it } from 'vitest';
import { load, problemsOf } from '../load.ts';

const mebibyte = 1024 * 1024;
const budgets = (yaml: string): [number, number] => {
  const { bodyBudgetBytes, keyBodyBudgetBytes } = load(`server: ${yaml}`).server;
  return [bodyBudgetBytes, keyBodyBudgetBytes];
};
const problems = (yaml: string): string[] => problemsOf(`server: ${yaml}`);

describe('the budget for bodies', () => {
  it.each([
    ['{}', 256 * mebibyte, 64 * mebibyte],
    ['{ max_body_bytes: 104857600 }', 400 * mebibyte, 100 * mebibyte],
    ['{ body_budget_bytes: 41943040 }', 40 * mebibyte, 20 * mebibyte],
    ['{ body_budget_bytes: 1073741824 }', 1024 * mebibyte, 256 * mebibyte],
    ['{ key_body_budget_bytes: 536870912 }', 512 * mebibyte, 512 * mebibyte],
  ])('of %s is %i, for a key %i', (yaml, total, perKey) => {
    expect(budgets(yaml)).toEqual([total, perKey]);
  });

  it.each([
    ['{ body_budget_bytes: 1000 }', 'server.max_body_bytes: must not be above body_budget_bytes, which is 1000'],
    [
      '{ key_body_budget_bytes: 1000 }',
      'server.max_body_bytes: must not be above key_body_budget_bytes, which is 1000',
    ],
    [
      '{ key_body_budget_bytes: 41943040, body_budget_bytes: 31457280 }',
      'server.key_body_budget_bytes: must not be above body_budget_bytes, which is 31457280',
    ],
  ])('of %s is refused', (yaml, expected) => {
    expect(problems(yaml)).toEqual([expected]);
  });
});

describe('the allowed hosts', () => {
  it('are converted to lower case', () => {
    expect(load('server: { allowed_hosts: [LLM.corp.example] }').server.allowedHosts).toEqual(['llm.corp.example']);
    expect(problems('{ allowed_hosts: ["http://x"] }').length).toBe(1);
  });
});

describe('the origins of web pages', () => {
  const originsOf = (list: string): readonly string[] =>
    load(`server: { cors: { origins: ${list} } }`).server.cors.origins;

  it('are empty by default', () => {
    expect(load('{}').server.cors.origins).toEqual([]);
  });

  it.each([
    ['[http://localhost:5173]', ['http://localhost:5173']],
    ['["https://Chat.Example.com:443"]', ['https://chat.example.com']],
    ['["tauri://localhost", "app://Obsidian.md"]', ['tauri://localhost', 'app://obsidian.md']],
    ['["*"]', ['*']],
  ])('%s are converted to the form that browsers send', (list, origins) => {
    expect(originsOf(list)).toEqual(origins);
  });

  it.each(['https://chat.example.com/', 'chat.example.com', 'null', 'https://*.example.com', 'http://a:99999', ''])(
    'do not accept %j',
    (text) => {
      expect(problems(`{ cors: { origins: ["${text}"] } }`)).toEqual([
        `server.cors.origins[0]: ${text === '' ? 'is empty; it ' : ''}must be an origin such as https://chat.example.com (scheme, host and port, nothing behind them), or *`,
      ]);
    },
  );

  it('cause a warning if all are allowed', () => {
    const warnings = (list: string): readonly string[] => load(`server: { cors: { origins: ${list} } }`).warnings;
    expect(warnings('["*"]')).toEqual([expect.stringContaining('server.cors.origins has "*"')]);
    expect(warnings('[http://localhost:5173]')).toEqual([]);
  });
});

describe('the times of a connection', () => {
  it("are longer than the idle times of the clouds' load balancers", () => {
    expect(load('{}').server).toMatchObject({
      keepAliveMs: 620_000,
      headersTimeoutMs: 10_000,
      requestTimeoutMs: 60_000,
    });
  });

  it('can be set', () => {
    const { server } = load('server: { keep_alive_ms: 4020000, headers_timeout_ms: 5000, request_timeout_ms: 600000 }');
    expect(server).toMatchObject({ keepAliveMs: 4_020_000, headersTimeoutMs: 5000, requestTimeoutMs: 600_000 });
  });

  it.each([
    [
      '{ headers_timeout_ms: 70000 }',
      'server.headers_timeout_ms: must not be above request_timeout_ms, which is 60000',
    ],
    ['{ request_timeout_ms: 5000 }', 'server.headers_timeout_ms: must not be above request_timeout_ms, which is 5000'],
    ['{ keep_alive_ms: 0 }', 'server.keep_alive_ms: must be a whole number of milliseconds from 1000 to 2147483647'],
  ])('are refused as %s', (yaml, expected) => {
    expect(problems(yaml)).toEqual([expected]);
  });
});
