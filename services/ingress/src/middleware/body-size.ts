import type { IncomingMessage } from 'node:http';

/** Size and coding of a body by its headers. */
export interface BodySize {
  /** Undefined where it comes in chunks. */
  readonly length: number | undefined;
  /** As in `gzip`; undefined for a body that is not compressed. */
  readonly coding: string | undefined;
}

/** Node has checked the headers: a length is a number, and there is none beside chunks. */
export function bodySizeOf({ headers }: Pick<IncomingMessage, 'headers'>): BodySize {
  const coding = headers['content-encoding']?.trim().toLowerCase();
  return {
    length: headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : undefined,
    coding: coding === '' || coding === 'identity' ? undefined : coding,
  };
}

/** Returns whether the body is so small, by its headers, that reading it costs less than asking Redis first. */
export const isSmall = ({ length, coding }: BodySize, smallBytes: number): boolean =>
  coding === undefined && length !== undefined && length <= smallBytes;
