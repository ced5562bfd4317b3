import { spawnSync } from 'node:child_process';
import { delimiter } from 'node:path';
import { runQuietly } from '../bare/run.mjs';
import type { Terminal } from '../bare/terminal.mjs';
import { findProgram } from '../find-program.ts';
import { unavailable, type RedisSource } from './source.ts';

export interface PackageManager {
  /** The program; its presence shows that the system uses it. */
  readonly name: string;
  /** The package that it installs, for the terminal. */
  readonly package: string;
  /** For `sh -c`. */
  readonly script: string;
  /** Homebrew alone installs for the user, and refuses to run as root. */
  readonly needsRoot: boolean;
}

/**
 * Debian's package starts a service on port 6379 as soon as it is installed, unless policy-rc.d forbids it, and at
 * every boot, unless it is disabled. Nobody asked for either. A policy that is there stays as it is.
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

/** In the order in which they are looked for. Where Redis has left a distribution, Valkey took its place. */
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

/** Folders where packages put servers, which the PATH of an ordinary user may lack. */
const serverFolders = ['/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];

export interface Installation {
  readonly searchPath: string;
  /** Looks for the server that has been installed. */
  readonly installed: (searchPath: string) => RedisSource;
  readonly terminal: Terminal;
}

/** Installs Redis with the package manager of the system, if this user may, and runs what it brought. */
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

/** Returns the way to run a manager's script as this user, or the reason why it can't be run. */
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
