import { describe, expect, it } from 'vitest';
import { anyKey, errorOf, load, problemsOf } from '../load.ts';

describe('YAML', () => {
  it.each([
    ['server:\n\tport: 1', './sluice.yaml:2:1: begins with a tab; indent with spaces'],
    [
      'server: { port: 1',
      './sluice.yaml:1:18: is not indented like the lines it belongs to, or a bracket is not closed',
    ],
    ['keys: []\nkeys: []', './sluice.yaml:2:1: occurs a second time in the same mapping; remove one of the two'],
    ['log: {}\n---\nlog: {}', './sluice.yaml:2:1: begins a second document; only one is allowed'],
    ['log: !secret x', './sluice.yaml:1:6: has a YAML tag (!name) without a meaning here; remove it'],
    ['log: !!omap [ level: x ]', 'log: has a YAML tag (!name) without a meaning here; remove it'],
    ['a: "\\q"', './sluice.yaml:1:5: has a backslash that does not begin an escape; write \\\\, or use single quotes'],
    ['a: @b', './sluice.yaml:1:4: begins with a character that has a meaning in YAML; put the text in quotes'],
    ['? [a]\n: b', './sluice.yaml:1:3: is a name that is not text'],
    ['a: [*]', './sluice.yaml:1:5: is an alias (*name) without an anchor; put a glob such as "*" in quotes'],
    ['a:\n  - *-mini', './sluice.yaml:2:5: is an alias (*name) without an anchor; put a glob such as "*" in quotes'],
    ['a: &x [*x]', './sluice.yaml:1:8: is an alias (*name) within its own anchor'],
    ['- a', './sluice.yaml: must be a mapping of settings'],
    ['just text', './sluice.yaml: must be a mapping of settings'],
    ['['.repeat(10_000), expect.stringMatching(/^\.\/sluice\.yaml:1:\d+: is nested too deeply$/)],
    [`a: ${'['.repeat(30)}${']'.repeat(30)}`, expect.stringMatching(/^a(?:\[0\])+: is nested too deeply$/)],
  ])('refuses %j and names the position', (yaml, problem) => {
    expect(problemsOf(yaml)).toContainEqual(problem);
  });

  it('reports faults on several lines, one for each line', () => {
    expect(problemsOf('a: "\\q \\q"\nb: "\\q"').map((problem) => problem.slice(0, 17))).toEqual([
      './sluice.yaml:1:5',
      './sluice.yaml:2:5',
    ]);
  });

  it('never quotes the file, which may hold secrets', () => {
    for (const fault of ['"\\q', '[', '@', '{', '!x y', '*z', '|x', '%', '- ? : ']) {
      const { message } = errorOf(() =>
        load(`keys:\n  - key: sk-hidden-0001 ${fault} sk-hidden-0001\n  ${fault} sk-hidden-0001`),
      );
      expect(message).not.toContain('sk-hidden');
    }
  });

  it('accepts anchors', () => {
    const config = load(
      'keys:\n  - { key: sk-first-0001, limits: &few { rpm: 5 } }\n  - { key: sk-second-0001, limits: *few }',
      {},
    );
    expect(config.keys.map(({ limits }) => limits.rpm)).toEqual([5, 5]);
  });

  it('bounds the expansion of anchors', () => {
    const levels = Array.from(
      { length: 12 },
      (_, at) => `a${at}: &a${at} [${`*a${at - 1},`.repeat(at === 0 ? 0 : 9)}]`,
    );
    expect(problemsOf(levels.join('\n'))).toEqual(['./sluice.yaml: uses aliases (*name) too often']);
  });

  it('names the file by its path in SLUICE_CONFIG', () => {
    expect(problemsOf('a: b: c', { ...anyKey, SLUICE_CONFIG: 'conf/x.yaml' })).toEqual([
      'conf/x.yaml:1:4: has a mapping or list within a line; put it on separate lines',
    ]);
  });

  it('is valid with comments only', () => {
    for (const yaml of ['', '# nothing', '---', 'null', '{}']) expect(load(yaml)).toEqual(load(undefined));
  });
});
