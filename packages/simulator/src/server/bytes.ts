import type { ServerResponse } from 'node:http';

/** Three bytes in UTF-8, the place where {@link spoilUtf8} puts three others. */
export const spoiltCharacter = '\uFFFD';

/** Small enough to cut events, escapes and characters anywhere. */
const splitBytes = 7;

/** Bytes of a text in which the last {@link spoiltCharacter} has become three bytes that are no UTF-8. */
export function spoilUtf8(text: string): Buffer {
  const bytes = Buffer.from(text);
  const at = bytes.lastIndexOf(spoiltCharacter);
  if (at >= 0) bytes.set([0xff, 0xc3, 0x28], at);
  return bytes;
}

/**
 * Writes in pieces of seven bytes. Each is an HTTP chunk of its own where the body is chunked, so that a client sees
 * the pieces however the kernel joins packets.
 * @returns whether more may be written before `drain`.
 */
export function writeSplit(response: ServerResponse, content: string | Buffer): boolean {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  let mayGoOn = true;
  for (let at = 0; at < bytes.length; at += splitBytes) mayGoOn = response.write(bytes.subarray(at, at + splitBytes));
  return mayGoOn;
}
