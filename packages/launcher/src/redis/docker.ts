import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { runQuietly } from '../bare/run.mjs';
import type { Terminal } from '../bare/terminal.mjs';
import { findProgram } from '../find-program.ts';
import { anyFreePort } from '../ports.ts';
import type { StartContext } from '../started.ts';
import { untilRedisAnswers } from './inspect.ts';
import { newPassword } from './password.ts';
import { unavailable, type RedisSource } from './source.ts';

const image = 'redis:8-alpine';
const host = '127.0.0.1';
const engineTimeoutMs = 5000;
const removalTimeoutMs = 15_000;

const passwordVariable = 'SLUICE_REDIS_PASSWORD';
/** Passes the password as configuration on standard input. Redis writes no file: the data ends with the container. */
const serverCommand =
  `printf 'requirepass %s\\n' "$${passwordVariable}" | ` +
  "exec redis-server - --save '' --appendonly no --maxmemory-policy noeviction";

export interface DockerRedis {
  readonly searchPath: string;
  /** Starts from different folders have containers of different names. */
  readonly stateFolder: string;
  readonly terminal: Terminal;
}

/** Redis in a container, which is removed with its data when it is stopped. */
export function dockerRedis({ searchPath, stateFolder, terminal }: DockerRedis): RedisSource {
  return {
    async find() {
      const docker = findProgram('docker', searchPath);
      if (docker === undefined) return { reason: 'no docker on PATH' };
      try {
        await runQuietly({ file: docker, args: ['info'], timeoutMs: engineTimeoutMs });
      } catch (error) {
        return unavailable('no Docker engine answers', error);
      }
      try {
        await bringImage(docker, terminal);
      } catch (error) {
        return unavailable(`Docker can't get the image ${image}`, error);
      }
      const name = containerName(stateFolder);
      return { description: `${image} in Docker`, start: (context) => startContainer({ docker, name, context }) };
    },
  };
}

async function bringImage(docker: string, terminal: Terminal): Promise<void> {
  const isThere = spawnSync(docker, ['image', 'inspect', image], { timeout: engineTimeoutMs }).status === 0;
  if (isThere) return;
  await terminal.step(`Pulling ${image} with Docker`, (note) =>
    runQuietly({ file: docker, args: ['pull', image], onLine: note }),
  );
}

function containerName(stateFolder: string): string {
  return `sluice-redis-${createHash('sha256').update(stateFolder).digest('hex').slice(0, 12)}`;
}

interface Startable {
  readonly docker: string;
  readonly name: string;
  readonly context: StartContext;
}

async function startContainer({ docker, name, context }: Startable): Promise<string> {
  const remove = (): void => {
    spawnSync(docker, ['rm', '--force', '--volumes', name], { timeout: removalTimeoutMs });
  };
  // A launcher that was killed leaves a container of this name.
  remove();
  const port = await anyFreePort(host);
  context.register({ name: 'Redis container', stop: () => Promise.resolve(remove()), kill: remove });
  const password = newPassword();
  // Only the variable's name is on the command line, which every user of the machine can see; its value is not.
  const container = [
    '--detach',
    '--rm',
    '--name',
    name,
    '--publish',
    `${host}:${port}:6379`,
    '--env',
    passwordVariable,
  ];
  const args = ['run', ...container, image, 'sh', '-c', serverCommand];
  await runQuietly({ file: docker, args, env: { ...process.env, [passwordVariable]: password } });
  const url = `redis://:${password}@${host}:${port}`;
  await untilRedisAnswers({ url, signal: context.signal, log: `\`docker logs ${name}\`` });
  return url;
}
