import { z } from 'zod';
import { GatewayError } from '../errors/gateway-error.ts';
import { emptyField, listTooLong, missingField, numberOutOfRange, wrongType } from './field-errors.ts';
import { integer, text } from './field-types.ts';

/** OpenAI's limits for one request. */
const mostInputs = 2048;
const mostInputTokens = 300_000;

const param = 'input';
const anyInput = 'one of a string, array of strings, array of integers or array of arrays';

const someText = text.min(1);
const tokens = z
  .array(integer({ min: 0 }))
  .min(1)
  .max(mostInputTokens);

/**
 * The inputs that {@link checkInput} accepts, for the published JSON Schema. Lists of token lists have the same limit of
 * tokens together, which a schema can't express.
 */
export const embeddingsInputSchema = z.union([
  someText,
  z.array(someText).min(1).max(mostInputs),
  tokens,
  z.array(tokens).min(1).max(mostInputs),
]);

/**
 * Checks the field `input`: one text, one list of tokens, or a list of either. Written by hand, because zod takes a
 * second for 300,000 tokens.
 * @returns number of tokens; 0 for texts
 * @throws GatewayError with status 400 that names the item at fault
 */
export function checkInput(input: unknown): number {
  if (input === undefined) throw missingField(param);
  if (typeof input === 'string') return checkText(input, param);
  if (!Array.isArray(input)) throw wrongType({ param, value: input }, anyInput);
  const items: readonly unknown[] = input;
  const [first] = items;
  if (first === undefined) throw emptyField({ param, value: input });
  if (typeof first === 'number') return checkTokens(items, { path: param, before: 0 });
  if (items.length > mostInputs) throw listTooLong(param, { length: items.length, max: mostInputs });
  if (typeof first === 'string') return sum(items, (item, path) => checkText(item, path));
  if (!Array.isArray(first)) throw wrongType({ param: `${param}[0]`, value: first }, 'one of a string or integer');
  return sum(items, (item, path, before) => {
    if (!Array.isArray(item)) throw wrongType({ param: path, value: item }, 'an array of integers');
    return checkTokens(item, { path, before });
  });
}

function sum(items: readonly unknown[], check: (item: unknown, path: string, before: number) => number): number {
  let total = 0;
  for (const [at, item] of items.entries()) total += check(item, `${param}[${at}]`, total);
  return total;
}

function checkText(value: unknown, path: string): number {
  if (typeof value !== 'string') throw wrongType({ param: path, value }, 'a string');
  if (value === '') throw emptyField({ param: path, value });
  return 0;
}

interface TokenList {
  readonly path: string;
  /** Tokens of the preceding lists. */
  readonly before: number;
}

function checkTokens(tokens: readonly unknown[], { path, before }: TokenList): number {
  if (tokens.length === 0) throw emptyField({ param: path, value: tokens });
  if (before + tokens.length > mostInputTokens) throw tooManyTokens();
  // `entries()` would allocate a pair for each token.
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (!Number.isSafeInteger(token) || (token as number) < 0)
      throw wrongToken({ param: `${path}[${at}]`, value: token });
  }
  return tokens.length;
}

function wrongToken(field: { readonly param: string; readonly value: unknown }): GatewayError {
  if (!Number.isInteger(field.value)) return wrongType(field, 'an integer');
  const isBelow = (field.value as number) < 0;
  return numberOutOfRange(field, {
    kind: 'integer',
    side: isBelow ? 'below_min' : 'above_max',
    limit: isBelow ? 0 : Number.MAX_SAFE_INTEGER,
  });
}

/**
 * Returns the error for more tokens than one request may hold. Only inputs sent as tokens are counted here; the
 * provider counts texts.
 */
export const tooManyTokens = (): GatewayError =>
  new GatewayError('max_tokens_per_request', {
    param,
    message: `Invalid '${param}': at most ${mostInputTokens} tokens are taken in one request. Send the inputs in several requests.`,
  });
