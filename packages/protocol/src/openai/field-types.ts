import { z } from 'zod';
import { isObject } from '../json/values.ts';

/*
 * Building blocks of the request schema. Zod's issues lack some words of OpenAI's messages, so the message of each
 * check is the missing word, and `explain-issue.ts` builds the sentence around it: the required type for a wrong type,
 * the kind of number for a number out of range, the source of the pattern for a pattern.
 *
 * No schema here is strict about unknown fields: the request is validated in place and forwarded unchanged, so fields
 * that a schema does not name pass through.
 *
 * `meta` tells the published JSON Schema what zod can't derive from code: the type behind a check, and the limits that
 * are checked before the schema.
 */

/** Any string. */
export const text = z.string('a string');

/** A boolean. */
export const flag = z.boolean('a boolean');

/** A JSON object that only the provider understands; its content is not checked. */
export const anyObject = z.custom<Record<string, unknown>>(isObject, 'an object').meta({ type: 'object' });

interface Range {
  readonly min: number;
  readonly max: number;
}

/** A number within a range, bounds included. */
export const decimal = ({ min, max }: Range) => z.number('a decimal').min(min, 'decimal').max(max, 'decimal');

/** A whole number within a range, bounds included; default: the range that a double holds exactly. */
export const integer = ({ min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER }: Partial<Range> = {}) =>
  z
    .number('an integer')
    .refine(Number.isInteger, { error: 'an integer', abort: true })
    .min(min, 'integer')
    .max(max, 'integer')
    .meta({ type: 'integer' });

/** One of a fixed set of values. Fields whose values differ between providers are {@link text} instead. */
export const oneOf = <const Words extends readonly [string, ...string[]]>(...words: Words) =>
  z.enum(words, { error: 'a string' });

/** An object with these known fields. */
export const object = <Shape extends z.ZodRawShape>(shape: Shape) => z.object(shape, 'an object');

/** A list; `of` is the plural noun for its items. */
export const list = <Item extends z.ZodType>(item: Item, of: 'objects' | 'strings') =>
  z.array(item, `an array of ${of}`);

/** Maximum length of a property name, in objects whose property names the client chooses. */
export const maxPropertyNameLength = 64;

const namePattern = '^[a-zA-Z0-9_-]+$';

/** Name of a function or answer schema, chosen by the client: 1 to 64 letters, digits, underscores and dashes. */
export const name = text.min(1).max(64).regex(new RegExp(namePattern), namePattern);

/**
 * An unknown `type`. At run time it is a string; the static type hides that, because TypeScript narrows by a literal
 * only if no other branch accepts any string.
 */
export interface OtherKind {
  readonly otherKind: never;
}

type Kind = z.ZodObject<{ type: z.ZodLiteral<string> }>;

/**
 * A union of objects discriminated by `type`. An unknown `type` passes if it is a string, and the rest of that object
 * is not checked: providers have kinds of their own.
 */
export function openUnion<const Kinds extends readonly [Kind, ...Kind[]]>(kinds: Kinds) {
  const known = new Set(kinds.map((kind) => kind.shape.type.value));
  // Without `abort` zod would treat this branch as the closest match and report only its issue.
  const otherType = text.refine((type) => !known.has(type), { abort: true }).meta({ not: { enum: [...known] } });
  const other = object({ type: otherType as unknown as z.ZodType<OtherKind, string> });
  return z.union([z.discriminatedUnion('type', kinds, 'an object'), other]);
}
