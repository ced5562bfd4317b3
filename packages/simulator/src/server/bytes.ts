import type { ServerResponse } from 'node:http';

/** Three bytes in UTF-8 that mark the place where {@link spoilUtf8} puts three invalid ones. */
export const spoiltCharacter = '\uFFFD';

/** Size of a piece, in bytes; small enough to cut events, escapes and characters at any point. */
const splitBytes = 7;

/**
 * Returns the bytes of a text in which the last {@link spoiltCharacter} is replaced by three bytes that are not UTF-8.
 */
export function spoilUtf8(text: string): Buffer {
  const bytes = Buffer.from(text);
  const at = bytes.lastIndexOf(spoiltCharacter);
  if (at >= 0) bytes.set([0xff, 0xc3, 0x28], at);
  return bytes;
}

/**
 * Writes in pieces of seven bytes. Each piece is a separate HTTP chunk if the body is chunked, so that clients see the
 * pieces however the kernel joins packets.
 * @returns whether more may be written before `drain`.
 */
export function writeSplit(response: ServerResponse, content: string | Buffer): boolean {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  let hasRoom = true;
  for (let at = 0; at < bytes.length; at += splitBytes) hasRoom = response.write(bytes.subarray(at, at + splitBytes));
  return hasRoom;
}
