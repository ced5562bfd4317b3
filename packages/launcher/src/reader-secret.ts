import { randomBytes } from 'node:crypto';
import { readKeptSecretKey } from './kept-secret.ts';

/**
 * Returns the SLUICE_SECRET_KEY for a command that only reads: the one that `npm start` gives the services. Before the
 * first start it is random, since nothing is encrypted yet; it is not kept, because reading must not change anything.
 */
export const secretKeyForReaders = (root: string): string =>
  readKeptSecretKey(root) ?? randomBytes(32).toString('base64url');
