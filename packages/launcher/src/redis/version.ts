/** Major and minor version of a Redis or Valkey server. */
export interface ServerVersion {
  readonly major: number;
  readonly minor: number;
  /** As the server writes it. */
  readonly text: string;
}

/** The oldest Redis with the commands that BullMQ and the mailboxes use. */
export const oldestVersion = '6.2';

/**
 * Reads the version from the output of `redis-server --version` or `valkey-server --version`.
 *
 * @returns undefined when the output has no version
 */
export function parseServerBanner(banner: string): ServerVersion | undefined {
  return parseVersion(/\bv=(\S+)/.exec(banner)?.[1]);
}

/** Reads `redis_version` from the reply of INFO; Valkey reports the Redis version that it is compatible with. */
export function parseInfoVersion(info: string): ServerVersion | undefined {
  return parseVersion(/^redis_version:(\S+)/m.exec(info)?.[1]);
}

export function isNewEnough(version: ServerVersion): boolean {
  const [major = 0, minor = 0] = oldestVersion.split('.').map(Number);
  return version.major > major || (version.major === major && version.minor >= minor);
}

function parseVersion(text: string | undefined): ServerVersion | undefined {
  const match = /^(\d+)\.(\d+)/.exec(text ?? '');
  if (text === undefined || match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), text };
}
