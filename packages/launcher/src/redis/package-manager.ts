import { spawnSync } from 'node:child_process';
import { delimiter } from 'node:path';
import { runQuietly } from '../bare/run.mjs';
import type { Terminal } from '../bare/terminal.mjs';
import { findProgram } from '../find-program.ts';
import { unavailable, type RedisSource } from './source.ts';

export interface PackageManager {
  /** The program. The first one on PATH is used. */
  readonly name: string;
  /** The package that it installs, for messages. */
  readonly package: string;
  /** Script for `sh -c`. */
  readonly script: string;
  /** False for Homebrew, which installs for the user and refuses to run as root. */
  readonly needsRoot: boolean;
}

/**
 * Installs Debian's package without its service. The package starts one on port 6379 when it is installed, unless
 * policy-rc.d forbids it, and at every boot, unless it is disabled; Sluice needs neither. An existing policy is kept.
 */
const installWithApt = `
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\\nexit 101\\n' > "$policy" && chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --yes --no-install-recommends redis-server || exit 1
if command -v systemctl > /dev/null; then systemctl disable redis-server.service || true; fi
`;

/** Package managers, in the order of the search. In distributions without Redis, Valkey replaces it. */
export const packageManagers: readonly PackageManager[] = [
  { name: 'apt-get', package: 'redis-server', script: installWithApt, needsRoot: true },
  { name: 'dnf', package: 'redis', script: 'dnf install -y redis || dnf install -y valkey', needsRoot: true },
  { name: 'yum', package: 'redis', script: 'yum install -y redis', needsRoot: true },
  { name: 'apk', package: 'redis', script: 'apk add --no-cache redis || apk add --no-cache valkey', needsRoot: true },
  {
    name: 'pacman',
    package: 'valkey',
    script: 'pacman -S --noconfirm --needed valkey || pacman -Sy --noconfirm --needed valkey',
    needsRoot: true,
  },
  {
    name: 'zypper',
    package: 'redis',
    script: 'zypper --non-interactive install redis || zypper --non-interactive install valkey',
    needsRoot: true,
  },
  { name: 'brew', package: 'redis', script: 'brew install redis', needsRoot: false },
];

/** Folders into which packages install servers; the PATH of an ordinary user may lack them. */
const serverFolders = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

export interface Installation {
  readonly searchPath: string;
  /** Returns the source that finds the installed server. */
  readonly installed: (searchPath: string) => RedisSource;
  readonly terminal: Terminal;
}

/** Installs Redis with the package manager of the system, if this user may, and runs it. */
export function packageManagerRedis({ searchPath, installed, terminal }: Installation): RedisSource {
  return {
    async find() {
      const manager = packageManagers.find(({ name }) => findProgram(name, searchPath) !== undefined);
      if (manager === undefined) return { reason: 'no package manager that we know' };
      const command = installCommand({ manager, isRoot: process.getuid?.() === 0, hasSudo: hasSudo(searchPath) });
      if ('reason' in command) return command;
      const task = `Installing ${manager.package} with ${manager.name}`;
      terminal.say(`${task} …`);
      try {
        await terminal.step(task, (note) =>
          runQuietly({ ...command, env: { ...process.env, PATH: searchPath }, onLine: note }),
        );
      } catch (error) {
        return unavailable(`${manager.name} can't install ${manager.package}`, error);
      }
      return await installed([searchPath, ...serverFolders].join(delimiter)).find();
    },
  };
}

/** Returns the command that runs a manager's script as this user, or the reason why it can't be run. */
export function installCommand({
  manager,
  isRoot,
  hasSudo,
}: {
  readonly manager: PackageManager;
  readonly isRoot: boolean;
  readonly hasSudo: boolean;
}): { readonly file: string; readonly args: readonly string[] } | { readonly reason: string } {
  const shell = ['sh', '-c', manager.script] as const;
  if (isRoot && !manager.needsRoot) return { reason: `${manager.name} refuses to run as root` };
  if (isRoot || !manager.needsRoot) return { file: 'sh', args: shell.slice(1) };
  if (hasSudo) return { file: 'sudo', args: ['-n', ...shell] };
  return { reason: `${manager.name} is here, but this user is not root and has no password-less sudo` };
}

function hasSudo(searchPath: string): boolean {
  const sudo = findProgram('sudo', searchPath);
  return sudo !== undefined && spawnSync(sudo, ['-n', 'true'], { stdio: 'ignore' }).status === 0;
}
