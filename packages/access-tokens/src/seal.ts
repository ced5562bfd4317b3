import { createSeal as createByteSeal } from '@sluice/redis';

/** Encrypts texts so that a reader of Redis, or of a copy, cannot decrypt them or exchange one text for another. */
export interface Seal {
  /** @param place name of the entry: the text opens only under the same name */
  close(text: string, place: string): string;
  /** Returns undefined if another secret or place was used, or if the text was changed. */
  open(sealed: string, place: string): string | undefined;
}

/** Version prefix of this layout. */
const layout = 'v1.';

/** @param secret the operator's secret; the key is derived from it, so that the secret may serve other purposes too */
export function createSeal(secret: string): Seal {
  const seal = createByteSeal(secret, 'sluice provider tokens');
  return {
    close: (text, place) => layout + seal.close(Buffer.from(text), place).toString('base64url'),
    open(sealed, place) {
      if (!sealed.startsWith(layout)) return undefined;
      return seal.open(Buffer.from(sealed.slice(layout.length), 'base64url'), place)?.toString('utf8');
    },
  };
}
