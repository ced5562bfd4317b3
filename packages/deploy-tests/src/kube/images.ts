import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { inRepository } from '../repository.ts';

/** What a pod's sandbox runs. */
export const pauseImage = 'docker.io/sluice-tests/pause:1';

const services = ['ingress', 'worker', 'simulator'] as const;

/** Whether a Docker engine answers. */
export const canHaveImages = (): boolean => spawnSync('docker', ['version'], { stdio: 'ignore' }).status === 0;

/**
 * Writes an archive of the images that pods run, of this repository as it is, and returns its path.
 *
 * @throws Error when the engine can't build them
 */
export function saveImages(folder: string, tag: string): string {
  const names = services.map((service) => `sluice/${service}:${tag}`);
  for (const [index, name] of names.entries()) if (!isThere(name)) build(name, services[index] ?? 'ingress');
  // A sandbox only has to stay and to end when it is told so.
  const pause = `FROM ${names[2] ?? ''}\nENTRYPOINT ["sleep", "infinity"]\n`;
  docker(['build', '-q', '-t', pauseImage.replace('docker.io/', ''), '-'], pause);
  const archive = join(folder, 'images.tar');
  docker(['save', '-o', archive, ...names, pauseImage.replace('docker.io/', '')]);
  return archive;
}

const isThere = (name: string): boolean =>
  spawnSync('docker', ['image', 'inspect', name], { stdio: 'ignore' }).status === 0;

function build(name: string, target: string): void {
  const file = inRepository('deploy/docker/Dockerfile');
  docker(['build', '-q', '-f', file, '--target', target, '-t', name, inRepository('.')]);
}

function docker(args: readonly string[], input?: string): void {
  execFileSync('docker', args, { input: input ?? '', stdio: ['pipe', 'ignore', 'pipe'], maxBuffer: 1 << 26 });
}
