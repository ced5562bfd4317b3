import { randomBytes } from 'node:crypto';
import { readKeptSecretKey } from './kept-secret.ts';

/**
 * The SLUICE_SECRET_KEY for a command that only reads: the one that `npm start` gives the services. Before the first
 * start any will do, since nothing is sealed yet; it is not written to a file, since reading changes nothing.
 */
export const secretKeyForReaders = (root: string): string =>
  readKeptSecretKey(root) ?? randomBytes(32).toString('base64url');
