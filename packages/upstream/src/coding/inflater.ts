import type { Transform } from 'node:stream';
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib';
import type { Coding } from './content-codings.ts';

/** Node's decoder of one coding. */
export type Inflater = Transform & { readonly bytesWritten: number };

/** Memory limit of RFC 9659 for senders: 8 MiB. */
const zstdParams = { [constants.ZSTD_d_windowLogMax]: 23 };

/**
 * Opens the decoder of a coding. Undefined if the first byte does not fit the coding: some servers declare a
 * compression without applying it. (Brotli and raw deflate have no fixed first bytes.)
 */
export function openInflater(coding: Coding, first: number): Inflater | undefined {
  switch (coding) {
    case 'gzip':
      return first === 0x1f ? createGunzip() : undefined;
    case 'deflate':
      // With zlib's header, as in the standard, or without it, as in old servers.
      return (first & 0x0f) === 8 ? createInflate() : createInflateRaw();
    case 'br':
      return createBrotliDecompress();
    case 'zstd':
      // A zstd frame, or a skippable frame.
      return first === 0x28 || (first & 0xf0) === 0x50 ? createZstdDecompress({ params: zstdParams }) : undefined;
  }
}
