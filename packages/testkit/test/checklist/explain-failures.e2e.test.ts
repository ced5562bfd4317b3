import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root, runPlanted } from '../run-planted.ts';

const kit = join(root, 'packages/testkit/src/verifies.ts');

it('prints the promises of a failed test below its error, and not those of a test that passes', () => {
  const output = runPlanted(
    'packages/testkit/src/checklist/explain-failures.ts',
    `import { expect, test } from 'vitest';
import { verifies } from ${JSON.stringify(kit)};
test('breaks', verifies('000-36', '000-03'), () => expect(1).toBe(2));
test('holds', verifies('000-02'), () => expect(1).toBe(1));
`,
  );
  expect(output).toContain('expected 1 to be 2');
  expect(output).toMatch(
    /The test proves:\n000-36 Then the request is signed again, .* \(README of zai-proxy, lines? .*\)/,
  );
  expect(output).toContain('000-03 Five GLM models are served. (README of zai-proxy, line 9)');
  expect(output).not.toContain('000-02 Answers');
});
