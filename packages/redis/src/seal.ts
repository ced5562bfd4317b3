import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';

/** Encrypts values for Redis: a reader of Redis cannot decrypt them, or exchange one entry for another. */
export interface Seal {
  /** @param place name of the entry: the content opens only under the same name */
  close(content: Uint8Array, place: string): Buffer;
  /** Returns undefined if another secret, purpose or place was used, or if the value was changed. */
  open(sealed: Uint8Array, place: string): Buffer | undefined;
}

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

/**
 * Derives a key for one purpose, so that one secret of the operator serves several (HKDF, RFC 5869). Returns a
 * `KeyObject` instead of bytes: with bytes, ciphers and MACs take four times as long (measured: 28 and 7 µs for 1 KB).
 */
export function deriveKey(secret: string, purpose: string): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', purpose, keyBytes)));
}

/** Creates a seal. Layout of a sealed value: nonce (12 bytes), tag (16), content. */
export function createSeal(secret: string, purpose: string): Seal {
  const key = deriveKey(secret, purpose);
  return {
    close(content, place) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
      cipher.setAAD(Buffer.from(place));
      const closed = cipher.update(content);
      cipher.final();
      return Buffer.concat([nonce, cipher.getAuthTag(), closed]);
    },
    open(sealed, place) {
      if (sealed.length < nonceBytes + tagBytes) return undefined;
      const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes });
      decipher.setAAD(Buffer.from(place));
      decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
      const content = decipher.update(sealed.subarray(nonceBytes + tagBytes));
      try {
        decipher.final();
        return content;
      } catch {
        return undefined;
      }
    },
  };
}
