import { isBaseUrl, isOwnSecret, notKnownToAll, plainKey, secretText } from '@sluice/config/schema';
import { must, oneOf } from '@sluice/setting-types';
import { z } from 'zod';

/** Those of {@link secret} and {@link clientKey}. */
const secretTypes = z.registry<object>();

/** A whole number in digits; as text. */
export function digits(min = 0, max = Number.MAX_SAFE_INTEGER): z.ZodType<number, string> {
  const wanted = `a whole number${max === Number.MAX_SAFE_INTEGER ? `, ${min} or more` : ` from ${min} to ${max}`}`;
  return z
    .string()
    .regex(/^\d+$/, { ...must(wanted), abort: true })
    .regex(/^\d{1,15}$/, must(`a whole number from ${min} to ${Math.min(max, 10 ** 15 - 1)}`))
    .transform(Number)
    .pipe(z.number().min(min, must(wanted)).max(max, must(wanted)));
}

/** Timers of Node end at once beyond this, some 24 days. */
export const longestMs = 2 ** 31 - 1;

/** Milliseconds. Less than a second is taken for a slip: another gateway counts the same name in seconds. */
export function milliseconds(): z.ZodType<number, string> {
  const wanted = 'milliseconds, 1000 or more (of this gateway the name counts milliseconds, not seconds)';
  return digits(0, longestMs).pipe(z.number().min(1000, must(wanted)));
}

/** Seconds, as milliseconds. */
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

/** A provider's key or token. */
export const secret = (): z.ZodString => secretText('text without spaces').register(secretTypes, {});

/** The id of an application of the user's own; no secret, but examples of it stand in documentation too. */
export const ownId = (wanted: string): z.ZodString =>
  z.string(must(wanted)).min(1, must(wanted)).refine(isOwnSecret, notKnownToAll);

/** A client's key. */
export const clientKey = (): z.ZodString => plainKey.clone().register(secretTypes, {});

/** Also of one that may be absent. */
export function isSecretType(type: z.core.$ZodType): boolean {
  if (type instanceof z.ZodOptional || type instanceof z.ZodDefault) return isSecretType(type.unwrap());
  return secretTypes.has(type);
}
