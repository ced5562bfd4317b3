import type { IncomingMessage } from 'node:http';

/** Size and coding of a body, as its headers declare them. */
export interface BodySize {
  /** Undefined for a body in chunks. */
  readonly length: number | undefined;
  /** As in `gzip`; undefined for a body that is not compressed. */
  readonly coding: string | undefined;
}

/** Reads headers that Node has checked: a length is a number, and a body in chunks has no length. */
export function bodySizeOf({ headers }: Pick<IncomingMessage, 'headers'>): BodySize {
  const coding = headers['content-encoding']?.trim().toLowerCase();
  return {
    length: headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : undefined,
    coding: coding === '' || coding === 'identity' ? undefined : coding,
  };
}

/** True if the headers declare a body so small that reading it costs less than asking Redis first. */
export const isSmall = ({ length, coding }: BodySize, smallBytes: number): boolean =>
  coding === undefined && length !== undefined && length <= smallBytes;
