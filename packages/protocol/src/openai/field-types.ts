import { z } from 'zod';

/*
 * The building blocks of the request's schema. Zod's issues do not hold all that OpenAI's messages say, so the message
 * of a check carries the missing word and `explain-issue.ts` builds the sentence around it: for a wrong type the type
 * that is wanted, for a number out of range which kind of number it is, for a pattern its source.
 *
 * Nothing here is strict about unknown fields: the request is validated where it lies and forwarded as it came, so
 * what a schema does not name passes through.
 */

/** A string, whatever it says. */
export const text = z.string('a string');

/** A boolean. */
export const flag = z.boolean('a boolean');

/** A JSON object that only the provider understands; not looked into. */
export const anyObject = z.custom<Record<string, unknown>>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'an object',
);

interface Range {
  readonly min: number;
  readonly max: number;
}

/** A number within a range, both ends included. */
export const decimal = ({ min, max }: Range) => z.number('a decimal').min(min, 'decimal').max(max, 'decimal');

/** A whole number within a range, both ends included; by default those that a double holds exactly. */
export const integer = ({ min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER }: Partial<Range> = {}) =>
  z
    .number('an integer')
    .refine(Number.isInteger, { error: 'an integer', abort: true })
    .min(min, 'integer')
    .max(max, 'integer');

/** One of a closed set of words. Fields whose words differ from provider to provider are {@link text} instead. */
export const oneOf = <const Words extends readonly [string, ...string[]]>(...words: Words) =>
  z.enum(words, { error: 'a string' });

/** An object of which these fields are known. */
export const object = <Shape extends z.ZodRawShape>(shape: Shape) => z.object(shape, 'an object');

/** A list; `of` names its items in the plural. */
export const list = <Item extends z.ZodType>(item: Item, of: 'objects' | 'strings') =>
  z.array(item, `an array of ${of}`);

/** Characters of a property's name in an object whose properties the client names. */
export const maxPropertyNameLength = 64;

const namePattern = '^[a-zA-Z0-9_-]+$';

/** A client's name for a function or an answer's schema: 1 to 64 letters, digits, underscores and dashes. */
export const name = text.min(1).max(64).regex(new RegExp(namePattern), namePattern);

/**
 * A `type` that Sluice does not know. It is a string; the type denies that, because TypeScript narrows by a literal
 * only where no other branch holds any string.
 */
export interface OtherKind {
  readonly otherKind: never;
}

type Kind = z.ZodObject<{ type: z.ZodLiteral<string> }>;

/**
 * One of several kinds of object, told apart by `type`. A `type` that is not among them passes as long as it is a
 * string, and what comes with it is not looked into: providers have kinds of their own.
 */
export function openUnion<const Kinds extends readonly [Kind, ...Kind[]]>(kinds: Kinds) {
  const known = new Set(kinds.map((kind) => kind.shape.type.value));
  // Without `abort` zod would take this branch for the one that nearly fits, and report it alone.
  const otherType = text.refine((type) => !known.has(type), { abort: true });
  const other = object({ type: otherType as unknown as z.ZodType<OtherKind, string> });
  return z.union([z.discriminatedUnion('type', kinds, 'an object'), other]);
}
