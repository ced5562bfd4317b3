import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** Encrypts texts so that whoever reads Redis, or a copy of it, learns nothing, and can't put one text in another's place. */
export interface Seal {
  /** @param place what the text belongs to: it opens there only */
  close(text: string, place: string): string;
  /** Undefined for a text that was closed with another secret, for another place, or that has been changed. */
  open(sealed: string, place: string): string | undefined;
}

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
/** Tells this layout from later ones. */
const layout = 'v1.';

/** @param secret of the operator; the key is derived from it, so that it may serve other purposes too */
export function createSeal(secret: string): Seal {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'sluice provider tokens', keyBytes));
  return {
    close(text, place) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
      cipher.setAAD(Buffer.from(place));
      const content = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return layout + Buffer.concat([nonce, cipher.getAuthTag(), content]).toString('base64url');
    },
    open(sealed, place) {
      if (!sealed.startsWith(layout)) return undefined;
      const bytes = Buffer.from(sealed.slice(layout.length), 'base64url');
      if (bytes.length < nonceBytes + tagBytes) return undefined;
      const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
      decipher.setAAD(Buffer.from(place));
      decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
      try {
        const content = bytes.subarray(nonceBytes + tagBytes);
        return Buffer.concat([decipher.update(content), decipher.final()]).toString('utf8');
      } catch {
        return undefined;
      }
    },
  };
}
