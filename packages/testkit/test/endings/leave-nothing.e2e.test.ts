import { join } from 'node:path';
import { expect, it } from 'vitest';
import { root, runPlanted } from '../run-planted.ts';

const setup = 'packages/testkit/src/endings/leave-nothing.ts';
const pathOf = (file: string): string => JSON.stringify(join(root, 'packages/testkit/src', file));

it('fails a file that leaves a process and a server, and names them', () => {
  const output = runPlanted(
    setup,
    `import { createServer } from 'node:net';
import { afterAll, beforeAll, test } from 'vitest';
import { startProcess } from ${pathOf('processes/start-process.ts')};
beforeAll(async () => {
  const running = await startProcess({ command: 'sleep', args: ['61'] }); afterAll(() => running.stop());
  createServer().listen(0, '127.0.0.1');
});
test('passes', () => {});
`,
  );
  expect(output).toMatch(/This file leaves running:\n\s+process \d+: sleep 61\n\s+a server that listens/);
  expect(output).toMatch(/Test Files +1 failed/);
});

it('ends what afterFile was given, the newest first, after the hooks of the file, and shows every failure', () => {
  const output = runPlanted(
    setup,
    `import { afterAll, beforeAll, test } from 'vitest';
import { afterFile } from ${pathOf('endings/after-file.ts')};
import { startProcess } from ${pathOf('processes/start-process.ts')};
beforeAll(async () => {
  const running = await startProcess({ command: 'sleep', args: ['61'] });
  afterFile(() => running.stop());
  afterFile(() => console.log('ending one'));
  afterFile(() => { throw new Error('ending two fails'); });
  afterFile(() => console.log('ending three'));
  afterFile(() => { throw new Error('ending four fails'); });
});
afterAll(() => console.log('hook of the file'));
test('passes', () => {});
`,
  );
  expect(output.match(/^(?:hook|ending) .*$/gm)).toEqual(['hook of the file', 'ending three', 'ending one']);
  expect(output).toContain('ending two fails');
  expect(output).toContain('ending four fails');
  expect(output).not.toContain('leaves running');
});
