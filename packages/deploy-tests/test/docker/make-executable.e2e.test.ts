import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { inRepository } from '../../src/index.ts';
import { readNodeFlags } from '../node-flags.ts';

const folder = mkdtempSync(join(tmpdir(), 's-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The relevant parts of an image, with a service that prints its arguments and throws in its second line. */
function makeImage(): string {
  for (const path of [
    'deploy/docker/make-executable.mjs',
    'deploy/docker/load-secrets.mjs',
    'packages/launcher/node-flags.json',
    'packages/launcher/src/bare/service-command.mjs',
  ]) {
    cpSync(inRepository(path), join(folder, path));
  }
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write('package.json', '{"type":"module"}');
  write('packages/telemetry/dist/register.js', 'globalThis.isTraced = true;');
  const main = join(folder, 'services/ingress/dist/main.js');
  const script = [
    "import { getHeapSpaceStatistics } from 'node:v8';",
    'const kept = []; let most = 0;',
    'const newSpace = () => getHeapSpaceStatistics().find((space) => space.space_name === "new_space").space_size;',
    'for (let at = 0; at < 1e6; at += 1) { kept[at % 2e5] = { at, more: [at] }; if (at % 2e4 === 0) most = Math.max(most, newSpace()); }',
    'console.log(JSON.stringify({ flags: process.execArgv, main: process.argv[1], isTraced: globalThis.isTraced, most }));',
    '//# sourceMappingURL=main.js.map',
  ];
  write('services/ingress/dist/main.js', script.join('\n'));
  // The source map leads each line to the same line of its source.
  const mappings = ['AAAA', ...script.slice(1).map(() => 'AACA')].join(';');
  write('services/ingress/dist/main.js.map', JSON.stringify({ version: 3, sources: ['main.ts'], names: [], mappings }));
  execFileSync(process.execPath, [join(folder, 'deploy/docker/make-executable.mjs'), 'ingress']);
  return main;
}

test('the kernel starts a service of an image with the flags of npm start, and they act', () => {
  const main = makeImage();
  const path = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;
  const { stdout, stderr } = spawnSync(main, { encoding: 'utf8', env: { PATH: path } });
  expect(stderr).toBe('');
  const said = JSON.parse(stdout) as { flags: string[]; main: string; isTraced: boolean; most: number };
  expect(said.flags).toEqual(expect.arrayContaining(readNodeFlags()));
  expect(said.flags).toContain('--enable-source-maps');
  // Telemetry reads the service's name from it.
  expect(said.main).toBe(main);
  expect(said.isTraced).toBe(true);
  // By default Node lets the semi-space of this program grow to 64 MB.
  expect(said.most).toBeLessThanOrEqual(33 * 1024 * 1024);
  const { mappings } = JSON.parse(readFileSync(`${main}.map`, 'utf8')) as { mappings: string };
  expect(mappings).toMatch(/^;AAAA;/);
});
