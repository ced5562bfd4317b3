import { someText } from '@sluice/setting-types';
import type { z } from 'zod';
import { fieldOf, type Finding } from './across.ts';

const pemFile = (): z.ZodString => someText('the path of a PEM file');

/** The files of a TLS connection. @param peer the other side, as in "that of Redis" */
export function tlsFiles(peer: string): Record<'ca' | 'cert' | 'key', z.ZodOptional<z.ZodString>> {
  return {
    ca: pemFile()
      .optional()
      .describe(
        `File with the certificates that sign that of ${peer}; they replace the system's. \`~/\` is the home folder.`,
      ),
    cert: pemFile()
      .optional()
      .describe(`File with the client certificate for ${peer}, and what leads from it to its authority.`),
    key: pemFile().optional().describe('File with the private key of `cert`, not encrypted.'),
  };
}

/** A certificate without its key, or the other way round. */
export function* findHalfCertificate(value: unknown): Iterable<Finding> {
  for (const [there, absent] of [
    ['cert', 'key'],
    ['key', 'cert'],
  ] as const) {
    if (fieldOf(value, there) === undefined || fieldOf(value, absent) !== undefined) continue;
    yield { path: [absent], message: `is missing; it must be the path of a PEM file, since ${there} is set` };
  }
}
