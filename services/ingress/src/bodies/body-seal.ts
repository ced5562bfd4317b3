import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import type { BodyKind } from '@sluice/records';
import { createSeal } from '@sluice/redis';

/** Compresses and encrypts stored bodies, so that neither Redis nor the database holds a readable one. */
export interface BodySeal {
  close(text: string, place: BodyPlace): Promise<Buffer>;
  /** Returns undefined if the body was sealed with another secret, or for another place. */
  open(sealed: Buffer, place: BodyPlace): Promise<string | undefined>;
}

/** The place of a body: one can't be passed off as another. */
export interface BodyPlace {
  /** Internal id of the request. */
  readonly id: string;
  readonly kind: BodyKind;
}

const compress = promisify(deflateRaw);
const inflate = promisify(inflateRaw);
const placeOf = ({ id, kind }: BodyPlace): string => `${id}/${kind}`;

export function createBodySeal(secret: string): BodySeal {
  const seal = createSeal(secret, 'sluice stored bodies');
  return {
    close: async (text, place) => seal.close(await compress(text), placeOf(place)),
    async open(sealed, place) {
      const packed = seal.open(sealed, placeOf(place));
      return packed === undefined ? undefined : (await inflate(packed)).toString('utf8');
    },
  };
}
