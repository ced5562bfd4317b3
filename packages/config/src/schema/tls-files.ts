import { someText } from '@sluice/setting-types';
import type { z } from 'zod';
import { fieldOf, type Finding } from './across.ts';

const pemFile = (): z.ZodString => someText('the path of a PEM file');

/** Returns the types of the files of a TLS connection. @param peer name of the other side, as in "that of Redis" */
export function tlsFiles(peer: string): Record<'ca' | 'cert' | 'key', z.ZodOptional<z.ZodString>> {
  return {
    ca: pemFile()
      .optional()
      .describe(
        `File with the certificates of the authorities that sign that of ${peer}; they replace the system's. \`~/\` is the home folder.`,
      ),
    cert: pemFile()
      .optional()
      .describe(`File with the client certificate for ${peer} and its chain of intermediate certificates.`),
    key: pemFile().optional().describe('File with the unencrypted private key of `cert`.'),
  };
}

/** Finds a certificate without its key, or a key without its certificate. */
export function* findHalfCertificate(value: unknown): Iterable<Finding> {
  for (const [there, absent] of [
    ['cert', 'key'],
    ['key', 'cert'],
  ] as const) {
    if (fieldOf(value, there) === undefined || fieldOf(value, absent) !== undefined) continue;
    yield { path: [absent], message: `is missing; it must be the path of a PEM file, since ${there} is set` };
  }
}
