import { readFileSync } from 'node:fs';

/**
 * Returns the version in a package.json.
 * @throws Error if the file has none
 */
export function readVersion(manifest: URL): string {
  const read: unknown = JSON.parse(readFileSync(manifest, 'utf8'));
  if (typeof read === 'object' && read !== null && 'version' in read && typeof read.version === 'string') {
    return read.version;
  }
  throw new Error(`${manifest.pathname} has no version`);
}
