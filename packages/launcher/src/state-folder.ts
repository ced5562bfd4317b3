import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { takeLock } from './bare/lock.mjs';

/** The folder of one running `npm start`, with its Redis data and its logs. */
export interface StateFolder {
  readonly path: string;
  /** Process id of the `npm start` that holds `.sluice`, if this folder is another one. */
  readonly besides?: number;
  readonly release: () => void;
}

const ownerOnly = 0o700;

/**
 * Takes `.sluice`, or `.sluice/run-2` and so on while other starts from the same clone run: two Redis servers must not
 * share a data directory. Only its owner may read it: it holds prompts, answers, a key and a password.
 */
export function takeStateFolder(root: string): StateFolder {
  const usual = join(root, '.sluice');
  // Earlier versions created it readable for every user of the machine.
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
