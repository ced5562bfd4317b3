import { z } from 'zod';

/** Timers of Node end at once beyond this, some 24 days. */
const longestTimerMs = 2 ** 31 - 1;
/** The longest text that V8 can hold. */
const longestTextBytes = 2 ** 29 - 24;

/** The argument of zod's error functions, as far as it matters here. */
interface Complaint {
  readonly input?: unknown;
}

/**
 * zod's option for a field: every fault of it is said in one way, which never repeats the value.
 *
 * @param wanted fits behind "must be"
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

/** Gives a field the words by which the docs name its type. */
export function inWords<Schema extends z.ZodType>(schema: Schema, wanted: string): Schema {
  return schema.meta({ 'x-wants': wanted });
}

/** A whole number within bounds. Not zod's `int`: after a fault of that, a check over several fields would not get to run. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER, unit = ''): z.ZodNumber {
  const kind = `a whole number${unit === '' ? '' : ` of ${unit}`}`;
  const wanted = max === Number.MAX_SAFE_INTEGER ? `${kind}, ${min} or more` : `${kind} from ${min} to ${max}`;
  const error = must(wanted);
  // Whoever gives more than the largest number that there is must hear of it.
  const tooLarge = must(`${kind} from ${min} to ${max}`);
  return inWords(z.number(error).max(max, tooLarge).multipleOf(1, error).min(min, error), wanted);
}

/** A number between two others, both included. */
export function fraction(min: number, max: number): z.ZodNumber {
  const wanted = `a number from ${min} to ${max}`;
  const error = must(wanted);
  return inWords(z.number(error).min(min, error).max(max, error), wanted);
}

export const milliseconds = (min = 1): z.ZodNumber => wholeNumber(min, longestTimerMs, 'milliseconds');
export const bytes = (): z.ZodNumber => wholeNumber(1, longestTextBytes, 'bytes');
/** A port to listen on; 0 = any free one. */
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

/** Text that fits a pattern. */
export function textLike(pattern: RegExp, wanted: string): z.ZodString {
  const error = must(wanted);
  return inWords(z.string(error).regex(pattern, error), wanted);
}

/** Text that is not empty. */
export function someText(wanted: string): z.ZodString {
  const error = must(wanted);
  return inWords(z.string(error).min(1, error), wanted);
}

/** A text that can be sent in a header as it is. */
export const token = (wanted: string): z.ZodString => textLike(/^[\x21-\x7e]+$/, wanted);

/** A short name that may stand in Redis keys, headers and metrics. */
export const identifier = (): z.ZodString =>
  textLike(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    'up to 64 letters, digits, dots, hyphens and underscores, a letter or digit first',
  );

/** The name of a model, or a glob over such names. */
export const modelPattern = (): z.ZodString =>
  textLike(/^\S{1,200}$/, 'a model name or glob of up to 200 characters without spaces');

/** `host:port` of a Redis node, as in `redis-1:6379` or `[::1]:6379`. */
export const hostAndPort = (): z.ZodString => {
  const wanted = 'host:port with a port from 1 to 65535';
  const error = must(wanted);
  return inWords(
    z.string(error).refine((text) => splitHostAndPort(text) !== undefined, error),
    wanted,
  );
};

/** Undefined when the text is not `host:port`. */
export function splitHostAndPort(text: string): { host: string; port: number } | undefined {
  const { host, plain, digits } =
    /^(?:\[(?<host>[0-9a-fA-F:.]+)\]|(?<plain>[^\s:/@[\]]+)):(?<digits>\d{1,5})$/.exec(text)?.groups ?? {};
  const name = host ?? plain;
  const port = Number(digits);
  return name === undefined || port < 1 || port > 65_535 ? undefined : { host: name, port };
}

/** A mapping that has no other settings than these. */
export const section = <Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> =>
  z.strictObject(shape, must('a mapping of settings'));

/** A list. */
export const listOf = <Item extends z.ZodType>(item: Item, wanted: string): z.ZodArray<Item> =>
  inWords(z.array(item, must(wanted)), wanted);

/** A mapping whose names are the operator's own. A name that is not as it should be is told in its own words. */
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
