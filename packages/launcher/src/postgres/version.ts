/** Version of a PostgreSQL server. */
export interface PostgresVersion {
  readonly major: number;
  /** As the server writes it, without the build. */
  readonly text: string;
}

/** The oldest major version that keeps records. */
export const oldestMajor = 15;

/** Reads the output of `postgres --version`; undefined when it has no version. */
export function parsePostgresBanner(banner: string): PostgresVersion | undefined {
  return parsePostgresVersion(/\(PostgreSQL\) (\S+)/.exec(banner)?.[1] ?? '');
}

/** Reads a version as in `15.18`, `18beta1` or, from `server_version`, `15.18 (Debian 15.18-0)`. */
export function parsePostgresVersion(version: string): PostgresVersion | undefined {
  const [text, digits] = /^(\d+)[\w.]*/.exec(version) ?? [];
  return text === undefined ? undefined : { major: Number(digits), text };
}
