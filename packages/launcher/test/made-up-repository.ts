import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RunningProcess, startProcess } from '@sluice/testkit';

/** A folder that bootstrap.mjs takes for this repository, with an npm that installs nothing. */
export interface MadeUpRepository {
  readonly root: string;
  write(path: string, text: string): void;
  /** Returns the calls of npm and turbo with their arguments, one per line. */
  calls(): string[];
  /** Runs a command as the scripts of the root do. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<RunningProcess>;
  remove(): void;
}

const launcher = fileURLToPath(new URL('..', import.meta.url));
const programs = [
  'packages/launcher/dist/main.js',
  'packages/simulator/dist/main.js',
  'services/ingress/dist/main.js',
  'services/worker/dist/main.js',
];

export function makeUpRepository(): MadeUpRepository {
  const root = mkdtempSync(join(tmpdir(), 'sluice-repository-'));
  const write = (path: string, text: string): void => {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  cpSync(join(launcher, 'src'), join(root, 'packages/launcher/src'), { recursive: true });
  cpSync(join(launcher, 'node-flags.json'), join(root, 'packages/launcher/node-flags.json'));
  for (const program of programs) {
    write(program, readFileSync(join(launcher, 'test/fixtures/launched.mjs'), 'utf8'));
  }
  write('packages/telemetry/dist/register.js', '');
  write('package.json', JSON.stringify({ name: 'made-up', type: 'module', workspaces: ['packages/*', 'services/*'] }));
  write('packages/launcher/package.json', JSON.stringify({ name: 'launcher', type: 'module' }));
  write('package-lock.json', '{"lockfileVersion":3}');
  write('bin/npm', `#!${process.execPath}\n${readFileSync(join(launcher, 'test/fixtures/npm.mjs'), 'utf8')}`);
  chmodSync(join(root, 'bin/npm'), 0o755);
  return {
    root,
    write,
    calls() {
      const text = readFileSync(join(root, 'calls.log'), 'utf8');
      return text.trim().split('\n');
    },
    run: (args, env = {}) =>
      startProcess({
        command: process.execPath,
        args: [join(root, 'packages/launcher/src/bootstrap.mjs'), ...args],
        cwd: root,
        env: { PATH: join(root, 'bin'), NODE_24: process.execPath, CI: 'true', ...env },
      }),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
