import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { docker, hasImage } from '../docker/docker.ts';
import { bringBaseImages, buildImage, imageOf } from '../docker/images.ts';

/** Program of a pod's sandbox. */
export const pauseImage = 'docker.io/sluice-tests/pause:1';

const targets = ['ingress', 'worker', 'simulator'] as const;

/**
 * Writes an archive of the images that pods run, built from this repository, and returns its path. With
 * `DEPLOY_TESTS_IMAGES=keep` it uses the images that the engine already has.
 *
 * @param others more images that the engine has
 */
export async function saveImages(folder: string, others: readonly string[]): Promise<string> {
  const isKept = process.env['DEPLOY_TESTS_IMAGES'] === 'keep';
  const wanted = targets.filter((target) => !(isKept && hasImage(imageOf(target))));
  if (wanted.length > 0) await bringBaseImages();
  for (const target of wanted) await buildImage(target);
  const pause = join(folder, 'pause');
  const pauseName = pauseImage.replace('docker.io/', '');
  mkdirSync(pause);
  // A sandbox only has to run until it is killed.
  writeFileSync(join(pause, 'Dockerfile'), `FROM ${imageOf('simulator')}\nENTRYPOINT ["sleep", "infinity"]\n`);
  await docker(['build', '--tag', pauseName, pause]);
  const archive = join(folder, 'images.tar');
  await docker(['save', '--output', archive, ...targets.map((target) => imageOf(target)), pauseName, ...others]);
  return archive;
}
