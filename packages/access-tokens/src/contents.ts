import { failureKinds, type UpstreamFailure } from '@sluice/protocol';
import type { ProviderToken } from '@sluice/providers';
import { z } from 'zod';
import type { TokenRef } from './scripts.ts';
import { createSeal } from './seal.ts';

/** Contents that are stored encrypted in Redis. */
export interface Contents {
  closeToken(place: TokenRef, token: ProviderToken): string;
  /** Returns undefined for content that this process cannot read. */
  openToken(place: TokenRef, sealed: string): ProviderToken | undefined;
  closeFailure(place: TokenRef, failure: UpstreamFailure): string;
  openFailure(place: TokenRef, sealed: string): UpstreamFailure | undefined;
}

const tokenSchema = z.object({
  value: z.string(),
  expiresAtMs: z.number().optional(),
  renewal: z.string().optional(),
});
const failureSchema = z.object({
  kind: z.enum(failureKinds),
  message: z.string(),
});

export function createContents(secret: string): Contents {
  const seal = createSeal(secret);
  const placeOf = ({ upstreamId, credentialId }: TokenRef, what: string): string =>
    `${what}/${upstreamId}/${credentialId}`;
  const read = <Output>(schema: z.ZodType<Output>, sealed: string, place: string): Output | undefined => {
    const text = seal.open(sealed, place);
    return text === undefined ? undefined : schema.safeParse(JSON.parse(text)).data;
  };
  return {
    closeToken: (place, token) => seal.close(JSON.stringify(token), placeOf(place, 'token')),
    openToken(place, sealed) {
      const token = read(tokenSchema, sealed, placeOf(place, 'token'));
      return token && { expiresAtMs: token.expiresAtMs, ...token };
    },
    closeFailure: (place, { kind, message }) =>
      seal.close(JSON.stringify({ kind, message }), placeOf(place, 'failure')),
    openFailure: (place, sealed) => read(failureSchema, sealed, placeOf(place, 'failure')),
  };
}
