import { createSeal as createByteSeal } from '@sluice/redis';

/** Encrypts texts so that whoever reads Redis, or a copy of it, learns nothing, and can't put one text in another's place. */
export interface Seal {
  /** @param place what the text belongs to: it opens there only */
  close(text: string, place: string): string;
  /** Undefined for a text that was closed with another secret, for another place, or that has been changed. */
  open(sealed: string, place: string): string | undefined;
}

/** Tells this layout from later ones. */
const layout = 'v1.';

/** @param secret of the operator; the key is derived from it, so that it may serve other purposes too */
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
