import { createHash } from 'node:crypto';

/** Format of the SHA-256 of a key in the file. */
export const hashPattern = /^(?:sha256:)?([0-9a-fA-F]{64})$/;

/** @returns SHA-256 of a plain key, 64 hex digits */
export const digestOfKey = (key: string): string => createHash('sha256').update(key).digest('hex');

/** @returns the 64 hex digits of a hash in the format of files; undefined if the text is not a hash */
export const digestOfHash = (hash: string): string | undefined => hashPattern.exec(hash)?.[1]?.toLowerCase();
