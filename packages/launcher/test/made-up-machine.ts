import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTerminal } from '../src/bare/terminal.mjs';

/** A machine on whose PATH there is nothing but what a test puts there. */
export interface MadeUpMachine {
  /** A folder for its programs: its PATH. */
  readonly bin: string;
  readonly stateFolder: string;
  readonly terminal: ReturnType<typeof createTerminal>;
  /** Returns what it has told the person. */
  said(): string;
  /** Puts a program on its PATH, in JavaScript. */
  install(name: string, source: string): void;
  installRedis(name: string, version: string): void;
  remove(): void;
}

const redisSource = readFileSync(new URL('fixtures/redis-server.mjs', import.meta.url), 'utf8');

export function makeUpMachine(): MadeUpMachine {
  const home = mkdtempSync(join(tmpdir(), 'sluice-machine-'));
  const bin = join(home, 'bin');
  mkdirSync(bin);
  // Scripts of package managers are run by the shell.
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
