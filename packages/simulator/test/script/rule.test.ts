import { describe, expect, it } from 'vitest';
import { checkRules } from '../../src/script/rule.ts';

describe('checkRules', () => {
  it('reads the directives of rules', () => {
    expect(checkRules([{ match: { model: 'demo*' }, times: 2, skip: 0, directives: 'e503-r2' }])).toEqual({
      rules: [
        {
          match: { model: 'demo*' },
          times: 2,
          skip: 0,
          directives: 'e503-r2',
          parsed: [
            { name: 'e', value: 503 },
            { name: 'r', value: 2 },
          ],
        },
      ],
    });
  });

  it('accepts a rule without a match, which matches every call', () => {
    expect(checkRules([{ directives: 'hang' }])).toEqual({
      rules: [{ match: {}, directives: 'hang', parsed: [{ name: 'hang' }] }],
    });
  });

  it.each<[unknown, string]>([
    [{}, 'rules must be a list'],
    [['e503'], 'rules[0] must be an object'],
    [[{ directives: 't1' }, { directives: 'e999' }], 'rules[1].directives contains "e999"'],
    [[{}], 'rules[0].directives must be a text'],
    [[{ directives: 't1', time: 1 }], 'rules[0].time is unknown; known fields are match, times, skip, directives'],
    [[{ directives: 't1', times: 0 }], 'rules[0].times must be a whole number from 1'],
    [[{ directives: 't1', times: '2' }], 'rules[0].times'],
    [[{ directives: 't1', skip: -1 }], 'rules[0].skip must be a whole number from 0'],
    [[{ directives: 't1', skip: 0.5 }], 'rules[0].skip'],
    [[{ directives: 't1', match: 'demo' }], 'rules[0].match must be an object'],
    [[{ directives: 't1', match: { modle: 'demo' } }], 'rules[0].match.modle is unknown; known fields are model,'],
    [[{ directives: 't1', match: { model: 4 } }], 'rules[0].match.model must be a text'],
  ])('refuses %j and reports where it is wrong', (value, problem) => {
    expect(checkRules(value)).toEqual({ problem: expect.stringContaining(problem) as string });
  });
});
