import { z } from 'zod';

/** Longest timer of Node, some 24 days; longer ones end at once. */
const longestTimerMs = 2 ** 31 - 1;
/** Longest text that V8 can hold. */
const longestTextBytes = 2 ** 29 - 24;

/** The used part of the argument of zod's error functions. */
interface Complaint {
  readonly input?: unknown;
}

/**
 * Returns zod's option for a field. All its errors have the same form, and none repeats the value.
 *
 * @param wanted completes "must be …"
 */
export function must(wanted: string): { error: (complaint: Complaint) => string } {
  return {
    error({ input }) {
      if (input === undefined) return `is missing; it must be ${wanted}`;
      if (input === null || input === '') return `is empty; it must be ${wanted}`;
      return `must be ${wanted}`;
    },
  };
}

/** Gives a field the text that the documentation shows as its type. */
export function inWords<Schema extends z.ZodType>(schema: Schema, wanted: string): Schema {
  return schema.meta({ 'x-wants': wanted });
}

/**
 * Returns the type of a whole number within bounds. It does not use zod's `int`: after an error of that, checks over several
 * fields do not run.
 */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER, unit = ''): z.ZodNumber {
  const kind = `a whole number${unit === '' ? '' : ` of ${unit}`}`;
  const wanted = max === Number.MAX_SAFE_INTEGER ? `${kind}, ${min} or more` : `${kind} from ${min} to ${max}`;
  const error = must(wanted);
  // The error for a too large number must name the maximum.
  const tooLarge = must(`${kind} from ${min} to ${max}`);
  return inWords(z.number(error).max(max, tooLarge).multipleOf(1, error).min(min, error), wanted);
}

/** Returns the type of a number within bounds, both included. */
export function fraction(min: number, max: number): z.ZodNumber {
  const wanted = `a number from ${min} to ${max}`;
  const error = must(wanted);
  return inWords(z.number(error).min(min, error).max(max, error), wanted);
}

export const milliseconds = (min = 1): z.ZodNumber => wholeNumber(min, longestTimerMs, 'milliseconds');
export const bytes = (): z.ZodNumber => wholeNumber(1, longestTextBytes, 'bytes');
/** Returns the type of a port to listen on; 0 = any free one. */
export const listenPort = (): z.ZodNumber => wholeNumber(0, 65_535);

export function flag(): z.ZodBoolean {
  const wanted = 'true or false';
  return inWords(z.boolean(must(wanted)), wanted);
}

export function oneOf<const Words extends readonly [string, ...string[]]>(
  words: Words,
): z.ZodEnum<{ [Word in Words[number]]: Word }> {
  const wanted = `one of ${words.join(', ')}`;
  return inWords(z.enum(words, must(wanted)), wanted);
}

/** Returns the type of a text that matches a pattern. */
export function textLike(pattern: RegExp, wanted: string): z.ZodString {
  const error = must(wanted);
  return inWords(z.string(error).regex(pattern, error), wanted);
}

/** Returns the type of a text that is not empty. */
export function someText(wanted: string): z.ZodString {
  const error = must(wanted);
  return inWords(z.string(error).min(1, error), wanted);
}

/** Returns the type of a text that can be sent in a header unchanged. */
export const token = (wanted: string): z.ZodString => textLike(/^[\x21-\x7e]+$/, wanted);

/** Returns the type of a short name that is valid in Redis keys, headers and metrics. */
export const identifier = (): z.ZodString =>
  textLike(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'up to 64 letters, digits, dots, hyphens and underscores, a letter or digit first',
  );

/** Returns the type of a model's name or a glob over such names. */
export const modelPattern = (): z.ZodString =>
  textLike(/^\S{1,200}$/, 'a model name or glob of up to 200 characters without spaces');

/** Returns the type of `host:port` of a Redis node, as in `redis-1:6379` or `[::1]:6379`. */
export const hostAndPort = (): z.ZodString => {
  const wanted = 'host:port with a port from 1 to 65535';
  const error = must(wanted);
  return inWords(
    z.string(error).refine((text) => splitHostAndPort(text) !== undefined, error),
    wanted,
  );
};

/** Returns host and port; undefined when the text is not `host:port`. */
export function splitHostAndPort(text: string): { host: string; port: number } | undefined {
  const { host, plain, digits } =
    /^(?:\[(?<host>[0-9a-fA-F:.]+)\]|(?<plain>[^\s:/@[\]]+)):(?<digits>\d{1,5})$/.exec(text)?.groups ?? {};
  const name = host ?? plain;
  const port = Number(digits);
  return name === undefined || port < 1 || port > 65_535 ? undefined : { host: name, port };
}

/** Returns the type of a mapping with only these settings. */
export const section = <Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> =>
  z.strictObject(shape, must('a mapping of settings'));

/** Returns the type of a list. */
export const listOf = <Item extends z.ZodType>(item: Item, wanted: string): z.ZodArray<Item> =>
  inWords(z.array(item, must(wanted)), wanted);

/** Returns the type of a mapping whose names the operator chooses. An invalid name has the error of its own type. */
export const mappingOf = <Name extends z.core.$ZodRecordKey, Value extends z.ZodType>(
  name: Name,
  value: Value,
  wanted: string,
): z.ZodRecord<Name, Value> => {
  const { error } = must(wanted);
  return inWords(
    z.record(name, value, {
      error: (issue) => (issue.code === 'invalid_key' ? issue.issues[0]?.message : error(issue)),
    }),
    wanted,
  );
};
