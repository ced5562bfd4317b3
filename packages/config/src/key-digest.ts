import { createHash } from 'node:crypto';

/** The format in which a key may be given by its SHA-256. */
export const hashPattern = /^(?:sha256:)?([0-9a-fA-F]{64})$/;

/** @returns SHA-256 of a plain key, 64 hex digits */
export const digestOfKey = (key: string): string => createHash('sha256').update(key).digest('hex');

/** @returns the 64 hex digits of a hash as it is written in files; undefined if it is none */
export const digestOfHash = (hash: string): string | undefined => hashPattern.exec(hash)?.[1]?.toLowerCase();
