import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTerminal } from '../src/bare/terminal.mjs';

/** A machine whose PATH holds only the programs of a test. */
export interface MadeUpMachine {
  /** PATH: the folder of its programs. */
  readonly bin: string;
  readonly stateFolder: string;
  readonly terminal: ReturnType<typeof createTerminal>;
  /** Returns what was printed on its terminal. */
  said(): string;
  /** Adds a program, in JavaScript, to its PATH. */
  install(name: string, source: string): void;
  installRedis(name: string, version: string): void;
  remove(): void;
}

const redisSource = readFileSync(new URL('fixtures/redis-server.mjs', import.meta.url), 'utf8');

export function makeUpMachine(): MadeUpMachine {
  const home = mkdtempSync(join(tmpdir(), 'sluice-machine-'));
  const bin = join(home, 'bin');
  mkdirSync(bin);
  // The shell runs the scripts of package managers.
  symlinkSync('/bin/sh', join(bin, 'sh'));
  writeFileSync(join(home, 'package.json'), '{"type":"module"}');
  let said = '';
  const install = (name: string, source: string): void => {
    writeFileSync(join(bin, name), `#!${process.execPath}\n${source}`);
    chmodSync(join(bin, name), 0o755);
  };
  return {
    bin,
    stateFolder: join(home, 'state'),
    terminal: createTerminal({ stream: { write: (text) => (said += text) }, isLive: false }),
    said: () => said,
    install,
    installRedis: (name, version) => install(name, redisSource.replaceAll('VERSION', version)),
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}
