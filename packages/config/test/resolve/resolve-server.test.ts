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
  ])('of %s makes no sense', (yaml, expected) => {
    expect(problems(yaml)).toEqual([expected]);
  });
});

describe('the allowed hosts', () => {
  it('are names in any case', () => {
    expect(load('server: { allowed_hosts: [LLM.corp.example] }').server.allowedHosts).toEqual(['llm.corp.example']);
    expect(problems('{ allowed_hosts: ["http://x"] }').length).toBe(1);
  });
});
