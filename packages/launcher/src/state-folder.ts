import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { takeLock } from './bare/lock.mjs';

/** The folder that one running `npm start` keeps for itself: its Redis data and its logs. */
export interface StateFolder {
  readonly path: string;
  /** The process of the `npm start` that has the usual folder, when this is another one. */
  readonly besides?: number;
  readonly release: () => void;
}

const ownerOnly = 0o700;

/**
 * Takes `.sluice`, or `.sluice/run-2` and so on while other starts from the same clone run: two Redis servers must not
 * share a data directory. Only its owner may look into it: there are prompts, answers, a key and a password.
 */
export function takeStateFolder(root: string): StateFolder {
  const usual = join(root, '.sluice');
  // Earlier versions let every user of the machine look into it.
  mkdirSync(usual, { recursive: true, mode: ownerOnly });
  chmodSync(usual, ownerOnly);
  let besides: number | undefined;
  for (let run = 1; ; run += 1) {
    const path = run === 1 ? usual : join(usual, `run-${run}`);
    const lock = takeLock(join(path, 'start.lock'));
    if ('release' in lock) return { path, release: lock.release, ...(besides === undefined ? {} : { besides }) };
    besides ??= lock.heldBy;
  }
}
