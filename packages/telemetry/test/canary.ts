import fc from 'fast-check';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** The part of a secret that no output may show; long enough not to occur by chance. */
const heart = fc.string({ unit: fc.constantFrom(...letters.split('')), minLength: 20, maxLength: 40 });

/** A secret with a recognisable form, and the part of it to search for. */
export const shapedSecret: fc.Arbitrary<{ readonly secret: string; readonly heart: string }> = heart.chain((text) =>
  fc
    .constantFrom(
      `sk-${text}`,
      `sk-proj-${text}`,
      `sk-ant-api03-${text}`,
      `sk_live_${text}`,
      `gsk_${text}`,
      `xai-${text}`,
      `hf_${text}`,
      `ghp_${text}`,
      `pat_${text}`,
      `AIza${text}`,
      `ya29.${text}`,
      `eyJhbGciOi.${text}.${text}`,
    )
    .map((secret) => ({ secret, heart: text })),
);

/** A secret without a recognisable form: found only by its position or as a given secret. */
export const plainSecret: fc.Arbitrary<string> = heart;
