import { ConfigError } from '@sluice/config';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { settingNames } from '../src/schema/tree.ts';
import { anyKey, load } from './load.ts';

/** Returns whether it loads or is refused with at least one problem. @throws any error but ConfigError */
function isHandled(yaml: string, env: Readonly<Record<string, string>> = anyKey): boolean {
  try {
    load(yaml, env);
    return true;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.length > 0;
  }
}

const sections = settingNames([]);
const names = [...new Set(sections.flatMap((name) => [...settingNames([name]), ...settingNames([name, 0])]))];
const name = fc.oneof(
  fc.constantFrom(...sections, ...names),
  fc.constantFrom('__proto__', 'constructor', '<<', ''),
  fc.string(),
);
const leaf = fc.oneof(
  fc.constantFrom('redis://h', 'http://h', 'sk-some-key-01', 'openai', '*', 'a:1', '${X}', '${Y:-1}', '$${', '${'),
  fc.constantFrom(0, 1, -1, 1.5, Infinity, NaN, null, true, false),
  fc.string(),
  fc.integer(),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    leaf,
    fc.dictionary(name, tie('tree'), { maxKeys: 6 }),
    fc.array(tie('tree'), { maxLength: 4 }),
  ),
}));
const file = fc.dictionary(fc.constantFrom(...sections), tree, { minKeys: 1 });

const yamlish = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'keys',
        'server',
        ': ',
        ':\n  ',
        '- ',
        '{',
        '}',
        '[',
        ']',
        '"',
        "'",
        '&a ',
        '*a',
        '!t ',
        '|',
        '>',
        '\n',
      ),
      fc.constantFrom('# ', '\t', '%', '---\n', '? ', '${', '$${X}', '\\', '\u0000', '\ufeff', '@', '`', ',', '<<'),
      fc.string({ maxLength: 4, unit: 'binary' }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));

describe('garbage', () => {
  it('of random text gives a ConfigError or a configuration', () => {
    fc.assert(
      fc.property(yamlish, (text) => {
        expect(isHandled(text)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('in the shape of settings gives a ConfigError or a configuration', () => {
    fc.assert(
      fc.property(file, (content) => {
        expect(isHandled(stringify(content, { aliasDuplicateObjects: false }))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('in the environment gives a ConfigError or a configuration', () => {
    const variable = fc.constantFrom('PORT', 'HOST', 'REDIS_URL', 'SLUICE_API_KEYS', 'LOG_LEVEL', 'DRAIN_TIMEOUT_MS');
    fc.assert(
      fc.property(fc.dictionary(variable, fc.string({ unit: 'binary' })), (env) => {
        expect(isHandled('', { ...anyKey, ...env })).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
