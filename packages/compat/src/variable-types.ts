import { isBaseUrl, isOwnSecret, notKnownToAll, plainKey, secretText } from '@sluice/config/schema';
import { must, oneOf } from '@sluice/setting-types';
import { z } from 'zod';

/** The types that {@link secret} and {@link clientKey} return. */
const secretTypes = z.registry<object>();

/** Returns the type of a whole number, written in digits. */
export function digits(min = 0, max = Number.MAX_SAFE_INTEGER): z.ZodType<number, string> {
  const wanted = `a whole number${max === Number.MAX_SAFE_INTEGER ? `, ${min} or more` : ` from ${min} to ${max}`}`;
  return z
    .string()
    .regex(/^\d+$/, { ...must(wanted), abort: true })
    .regex(/^\d{1,15}$/, must(`a whole number from ${min} to ${Math.min(max, 10 ** 15 - 1)}`))
    .transform(Number)
    .pipe(z.number().min(min, must(wanted)).max(max, must(wanted)));
}

/** Longest timer of Node, some 24 days; longer ones end at once. */
export const longestMs = 2 ** 31 - 1;

/** Returns the type of milliseconds. Less than 1000 is refused: another gateway has seconds under the same name. */
export function milliseconds(): z.ZodType<number, string> {
  const wanted = 'milliseconds, 1000 or more (the unit of this variable is ms here, not seconds)';
  return digits(0, longestMs).pipe(z.number().min(1000, must(wanted)));
}

/** Returns the type of seconds; the output is in ms. */
export const seconds = (): z.ZodType<number, string> =>
  digits(1, Math.floor(longestMs / 1000)).transform((number) => number * 1000);

export const trueOrFalse = (): z.ZodType<boolean, string> =>
  z
    .string()
    .toLowerCase()
    .pipe(oneOf(['true', 'false']))
    .transform((text) => text === 'true');

const urlInWords = 'an http or https URL without user, password, query and fragment';

export const httpUrl = (): z.ZodString => z.string().refine(isBaseUrl, must(urlInWords));

/** Returns the type of a provider's key or token. */
export const secret = (): z.ZodString => secretText('text without spaces').register(secretTypes, {});

/** Returns the type of the user's application id. It is not secret, but documentation has examples of it too. */
export const ownId = (wanted: string): z.ZodString =>
  z.string(must(wanted)).min(1, must(wanted)).refine(isOwnSecret, notKnownToAll);

/** Returns the type of a client key. */
export const clientKey = (): z.ZodString => plainKey.clone().register(secretTypes, {});

/** Returns whether a type, or its inner type if it is optional, is that of a secret. */
export function isSecretType(type: z.core.$ZodType): boolean {
  if (type instanceof z.ZodOptional || type instanceof z.ZodDefault) return isSecretType(type.unwrap());
  return secretTypes.has(type);
}
