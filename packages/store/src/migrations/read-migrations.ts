import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';

/** A step of the schema: a file `NNNN-name.sql`. */
export interface Migration {
  readonly number: number;
  /** File name without its ending: `0001-ledger`. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the text, in hex. */
  readonly checksum: string;
}

/** Folder of the migrations: one above both `src` and `dist`. */
const ownFolder = new URL('../../migrations/', import.meta.url);

/**
 * Reads all migrations, in their order.
 * @throws Error if a file has another form of name, or if a number is missing or used twice
 */
export async function readMigrations(folder: URL = ownFolder): Promise<readonly Migration[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql')).sort();
  return Promise.all(
    files.map(async (file, index) => {
      const [, digits] = /^(\d{4})-[a-z0-9-]+\.sql$/.exec(file) ?? [];
      if (Number(digits) !== index + 1) {
        throw new Error(`${file}: migrations are numbered 0001-name.sql, 0002-name.sql … without gaps.`);
      }
      const sql = await readFile(new URL(file, folder), 'utf8');
      const checksum = createHash('sha256').update(sql).digest('hex');
      return { number: index + 1, name: file.slice(0, -'.sql'.length), sql, checksum };
    }),
  );
}
