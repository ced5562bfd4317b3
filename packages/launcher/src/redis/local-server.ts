import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readIfThere } from '../bare/files.mjs';
import { livingProcess, processIdentity } from '../bare/process-identity.mjs';
import type { Terminal } from '../bare/terminal.mjs';
import { startChild } from '../child.ts';
import { findProgram } from '../find-program.ts';
import { anyFreePort } from '../ports.ts';
import type { StartContext } from '../started.ts';
import { untilRedisAnswers } from './inspect.ts';
import { hasAppendOnly, leaveAppendOnly } from './leave-append-only.ts';
import { keepPassword } from './password.ts';
import type { RedisOffer, RedisSource, Unavailable } from './source.ts';
import { isNewEnough, oldestVersion, parseServerBanner } from './version.ts';

const programs = ['redis-server', 'valkey-server'];
const host = '127.0.0.1';
const versionTimeoutMs = 5000;
const graceMs = 10_000;
const leftoverPollMs = 50;

export interface LocalServer {
  /** Folders to look in, as in PATH. */
  readonly searchPath: string;
  /** Folder of the server's data, its log and its process id. */
  readonly stateFolder: string;
  readonly terminal: Terminal;
}

/** A `redis-server` or `valkey-server` of this machine, with its own data directory on a free loopback port. */
export function localServer({ searchPath, stateFolder, terminal }: LocalServer): RedisSource {
  return {
    find(): Promise<RedisOffer | Unavailable> {
      const reasons: string[] = [];
      for (const program of programs) {
        const file = findProgram(program, searchPath);
        if (file === undefined) continue;
        const version = versionOf(file);
        if (version !== undefined && isNewEnough(version)) {
          const start = (context: StartContext): Promise<string> => startServer({ file, stateFolder, context });
          return Promise.resolve({ description: `${program} ${version.text}`, start });
        }
        const reason =
          version === undefined
            ? `${file} does not run`
            : `${file} is version ${version.text}, which is too old (${oldestVersion} or newer is needed)`;
        terminal.say(reason);
        reasons.push(reason);
      }
      return Promise.resolve({ reason: reasons.join('; ') || `no ${programs.join(' or ')} on PATH` });
    },
  };
}

function versionOf(file: string): ReturnType<typeof parseServerBanner> {
  const { stdout } = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: versionTimeoutMs });
  return parseServerBanner(stdout ?? '');
}

interface Startable {
  readonly file: string;
  readonly stateFolder: string;
  readonly context: StartContext;
}

async function startServer({ file, stateFolder, context }: Startable): Promise<string> {
  const data = join(stateFolder, 'redis');
  const pidFile = join(stateFolder, 'redis.pid');
  const logFile = join(stateFolder, 'logs/redis.log');
  await endLeftover(pidFile);
  mkdirSync(data, { recursive: true });
  const configFile = join(stateFolder, 'redis.conf');
  const password = keepPassword(configFile);
  const isAppending = hasAppendOnly(data);
  const port = await anyFreePort(host);
  const child = startChild({
    name: 'Redis server',
    file,
    args: [configFile, ...serverArguments({ port, data, isAppending })],
    logFile,
    graceMs,
  });
  context.register(child);
  if (child.pid !== undefined) writeFileSync(pidFile, processIdentity(child.pid) ?? '');
  const url = `redis://:${password}@${host}:${port}`;
  await untilRedisAnswers({ url, died: child.died, signal: context.signal, log: logFile });
  if (isAppending) await leaveAppendOnly(url, data);
  return url;
}

interface ServerState {
  readonly port: number;
  readonly data: string;
  /** True if an earlier version has left an append-only file, which the server reads. */
  readonly isAppending: boolean;
}

/**
 * Nothing is evicted: every key belongs to a running request or holds a provider's access token. Access tokens must
 * survive a restart: a snapshot a minute keeps them. An append-only file would also keep every prompt, long after its
 * request.
 */
function serverArguments({ port, data, isAppending }: ServerState): string[] {
  const settings = {
    port: String(port),
    bind: host,
    'protected-mode': 'yes',
    daemonize: 'no',
    dir: data,
    appendonly: isAppending ? 'yes' : 'no',
    save: '60 1',
    'stop-writes-on-bgsave-error': 'no',
    'maxmemory-policy': 'noeviction',
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

/** Ends the Redis of a launcher that was killed: it still uses the data directory. */
async function endLeftover(pidFile: string): Promise<void> {
  const identity = readIfThere(pidFile) ?? '';
  const startedAt = performance.now();
  for (let pid = livingProcess(identity); pid !== undefined; pid = livingProcess(identity)) {
    process.kill(pid, performance.now() - startedAt < graceMs ? 'SIGTERM' : 'SIGKILL');
    await delay(leftoverPollMs);
  }
  rmSync(pidFile, { force: true });
}
