import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { inRepository } from '../repository.ts';
import { works } from '../wanted-tool.ts';

/** Returns whether a Docker engine answers and the client has `docker compose`. */
export const hasEngine = (): boolean => works('docker', ['version']) && works('docker', ['compose', 'version']);

/**
 * Runs a command of the client in the repository's folder and returns what it printed.
 *
 * @throws with its whole output if it fails
 */
export async function docker(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  return await run('docker', args, { DOCKER_BUILDKIT: '1', ...env });
}

/** Runs any program, optionally in another folder, and returns its output. */
export async function run(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  folder: string = inRepository('.'),
): Promise<string> {
  const child = spawn(file, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
  return stdout.trim();
}

/** Returns whether the engine has an image. */
export const hasImage = (name: string): boolean =>
  spawnSync('docker', ['image', 'inspect', name], { stdio: 'ignore' }).status === 0;
