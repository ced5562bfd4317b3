import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Facts about the process. */
export interface ProcessFacts {
  readonly env: NodeJS.ProcessEnv;
  /** Path of the running script. */
  readonly mainPath: string | undefined;
}

/** Name and version of this process in traces. */
export interface ServiceIdentity {
  readonly name: string;
  /** Version of the package that holds the main script; absent without one. */
  readonly version: string | undefined;
}

/**
 * Returns `SLUICE_SERVICE`, else a name from the main script's path: `services/worker/dist/main.js` is `sluice-worker`.
 */
export function serviceIdentity({ env, mainPath }: ProcessFacts): ServiceIdentity {
  const service = /.*[\\/](ingress|worker)[\\/]/.exec(mainPath ?? '')?.[1];
  const name = env['SLUICE_SERVICE']?.trim() || (service === undefined ? 'sluice' : `sluice-${service}`);
  return { name, version: mainPath === undefined ? undefined : versionAbove(dirname(mainPath)) };
}

function versionAbove(directory: string): string | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
    if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
  } catch {
    // No readable package here: continue in the parent folder.
  }
  const parent = dirname(directory);
  return parent === directory ? undefined : versionAbove(parent);
}
