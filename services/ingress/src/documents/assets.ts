import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { z } from 'zod';

/** A file of the pages, in both forms. All requests share the buffers. */
export interface Asset {
  readonly contentType: string;
  readonly gzipped: Buffer;
  readonly plain: Buffer;
}

export interface Assets {
  /** Part of every path; it changes with the files, so browsers may keep them for ever. */
  readonly version: string;
  /** Returns undefined for any name that is not one of these files. */
  read(name: string): Promise<Asset | undefined>;
}

/** `copy-assets.ts` fills it in the build. The path is the same from `src` and from `dist`. */
const folder = new URL('../../dist/assets/', import.meta.url);
const listSchema = z.object({ version: z.string(), files: z.record(z.string(), z.string()) });
const inflate = promisify(gunzip);

/**
 * Reads the files that the build has copied.
 * @throws Error if there was no build
 */
export async function openAssets(): Promise<Assets> {
  const { version, files } = listSchema.parse(JSON.parse(await readFile(new URL('files.json', folder), 'utf8')));
  const known = new Map(Object.entries(files).map(([name, contentType]) => [name, keepOne(name, contentType)]));
  return { version, read: (name) => known.get(name)?.() ?? Promise.resolve(undefined) };
}

/** Returns a function that reads a file once. */
function keepOne(name: string, contentType: string): () => Promise<Asset> {
  let reading: Promise<Asset> | undefined;
  async function read(): Promise<Asset> {
    const gzipped = await readFile(new URL(`${name}.gz`, folder));
    return { contentType, gzipped, plain: await inflate(gzipped) };
  }
  return () =>
    (reading ??= read().catch((error: unknown) => {
      reading = undefined;
      throw error;
    }));
}
