import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The facts that a process knows about itself from the outside. */
export interface ProcessFacts {
  readonly env: NodeJS.ProcessEnv;
  /** The script being run. */
  readonly mainPath: string | undefined;
}

/** Under what name and version this process appears in a trace. */
export interface ServiceIdentity {
  readonly name: string;
  /** Of the package that holds the main script; absent if there is none. */
  readonly version: string | undefined;
}

/** `SLUICE_SERVICE`, else what the path of the main script tells: `services/worker/dist/main.js` is `sluice-worker`. */
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
    // No package here, or not one that can be read: look above.
  }
  const parent = dirname(directory);
  return parent === directory ? undefined : versionAbove(parent);
}
