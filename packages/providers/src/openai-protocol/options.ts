import { flag, inWords, listOf, mappingOf, must, oneOf, textLike } from '@sluice/setting-types';
import { z } from 'zod';

/** Parameters that the gateway sets itself. */
const ownParameters: ReadonlySet<string> = new Set(['model', 'messages', 'stream', 'stream_options']);
const parameterInWords = `a parameter other than ${[...ownParameters].join(', ')}`;
const parameterError = must(parameterInWords);
const parameter = z
  .string(parameterError)
  .refine((name) => /^\w[\w.-]{0,63}$/.test(name) && !ownParameters.has(name), parameterError);

/** Headers that carry the key, belong to the connection, or describe what the gateway sends and can read. */
const ownHeaders: ReadonlySet<string> = new Set(
  (
    'authorization proxy-authorization proxy-authenticate cookie host connection keep-alive proxy-connection te trailer ' +
    'transfer-encoding upgrade expect content-length content-type content-encoding accept accept-encoding'
  ).split(' '),
);
const headerPattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;
const headerInWords = 'the name of a header that is neither for the key, nor for the connection, nor for the body';
const headerError = must(headerInWords);
const headerName = z
  .string(headerError)
  .refine((name) => headerPattern.test(name) && !ownHeaders.has(name.toLowerCase()), headerError);

const jsonValue = inWords(z.unknown(), 'any value');

/** Options for a server's deviations in requests, and for the form of its reasoning. */
export const dialectOptions = {
  headers: mappingOf(headerName, textLike(/^[\x20-\x7e]+$/, 'text of one line'), 'a mapping of header names to texts')
    .default({})
    .describe('Headers of each call. For keys use `credentials` instead.'),
  rename: mappingOf(parameter, parameter, 'a mapping of parameter names to parameter names')
    .default({})
    .describe('Parameters for which the server has another name, as in `max_completion_tokens: max_tokens`.'),
  unsupported: listOf(inWords(parameter, parameterInWords), 'a list of parameter names')
    .default([])
    .describe(
      'Parameters that the server refuses. A request with one of them gets a 400 that names it; with `drop_unsupported` it is sent without the parameter.',
    ),
  set: mappingOf(parameter, jsonValue, 'a mapping of parameter names to values')
    .default({})
    .describe("Parameters of each call. They replace the client's values."),
  system_role: oneOf(['system', 'developer', 'user'])
    .optional()
    .meta({ 'x-default': "the client's" })
    .describe('Role of instructions, for servers that accept only one.'),
  text_content: flag()
    .default(false)
    .describe('Sends content that is a list of texts as one text, for servers that do not accept lists.'),
  tool_call_ids: oneOf(['as_given', 'nine_characters'])
    .optional()
    .meta({ 'x-default': '`nine_characters` for Mistral and its models, else `as_given`' })
    .describe(
      "Form of tool calls' ids, the same in a call and its result. `nine_characters` converts every id of another form to nine letters and digits, which Mistral requires.",
    ),
  think_tags: flag()
    .default(false)
    .describe(
      'The content begins with the reasoning, between `<think>` and `</think>`; it becomes `reasoning_content`.',
    ),
};

/** Options for the header of the key and the path. */
export const placeOptions = {
  auth_header: inWords(z.string(must('a header name')).regex(headerPattern, must('a header name')), 'a header name')
    .default('authorization')
    .describe('Header of the key: `Bearer` and the key in `authorization`, the key alone in other headers.'),
  chat_path: textLike(/^\/[\x21-\x7e]*$/, 'a path that begins with a slash')
    .default('/chat/completions')
    .describe('Path that is appended to the base URL. It may have a query.'),
};

/**
 * Minimum length of a secret. Shorter values are versions and switches; redacting them would mutilate ordinary words.
 */
const shortestSecret = 8;

/** Returns the values among a server's headers that may be secret: whole values, and words as in `Bearer …`. */
export const secretsOf = (headers: Readonly<Record<string, string>>): readonly string[] =>
  Object.values(headers)
    .flatMap((value) => [value, ...value.split(/\s+/)])
    .filter((value) => value.length >= shortestSecret);

const dialect = z.strictObject(dialectOptions);
export type Dialect = z.output<typeof dialect>;

const place = z.strictObject(placeOptions);
export type Place = z.output<typeof place>;

/** OpenAI's own style: no deviations. */
export const plainStyle: Dialect & Place = { ...dialect.parse({}), ...place.parse({}) };
