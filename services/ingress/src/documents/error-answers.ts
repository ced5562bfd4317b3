import { type ErrorCode, errorTable, type ErrorType, GatewayError, isErrorCode, toEnvelope } from '@sluice/protocol';
import { z } from 'zod';
import { errorHeaders } from './answer-headers.ts';
import type { ErrorEnvelopeDescription, Json, NamedSchema } from './route-description.ts';

const codes = Object.keys(errorTable).filter(isErrorCode);
const types = [...new Set<ErrorType>(codes.map((code) => errorTable[code].type))];

/** OpenAI's error envelope. */
export const errorSchema: NamedSchema = {
  name: 'Error',
  schema: z.object({
    error: z.object({
      message: z.string().describe('What is wrong, what is wanted and where.'),
      type: z.enum(types),
      param: z.string().nullable().describe('The field at fault, as in `messages[2].content`.'),
      code: z.string().describe("A code of the gateway, or the provider's own code in place of `upstream_error`."),
    }),
  }),
};

/** The examples of all errors, for `components/examples`. */
export const errorExamples = (): Json =>
  Object.fromEntries(
    codes.map((code) => [
      code,
      { summary: errorTable[code].message, value: toEnvelope(new GatewayError(code, paramOf(code))) },
    ]),
  );

const openAiEnvelope: ErrorEnvelopeDescription = { schema: errorSchema, statusOf: (code) => errorTable[code].status };

/** Returns the answers for these errors, one for each status. */
export function errorAnswers(errors: readonly ErrorCode[], envelope = openAiEnvelope): Json {
  const byStatus = Map.groupBy(new Set(errors), envelope.statusOf);
  return Object.fromEntries([...byStatus].map(([status, found]) => [status, errorAnswer(found, envelope)]));
}

const errorAnswer = (found: readonly ErrorCode[], { schema }: ErrorEnvelopeDescription): Json => ({
  description: found.map((code) => `- \`${code}\`: ${errorTable[code].message}`).join('\n'),
  headers: Object.fromEntries(
    ['x-request-id', ...errorHeaders].map((name) => [name, { $ref: `#/components/headers/${name}` }]),
  ),
  content: {
    'application/json': {
      schema: { $ref: `#/components/schemas/${schema.name}` },
      ...(schema === errorSchema
        ? { examples: Object.fromEntries(found.map((code) => [code, { $ref: `#/components/examples/${code}` }])) }
        : {}),
    },
  },
});

/** Returns the field that an example of this error names. */
function paramOf(code: ErrorCode): { readonly param?: string } {
  switch (code) {
    case 'invalid_type':
    case 'missing_required_parameter':
    case 'empty_array':
    case 'array_above_max_length':
      return { param: 'messages' };
    case 'decimal_above_max_value':
    case 'decimal_below_min_value':
      return { param: 'temperature' };
    case 'model_not_found':
      return { param: 'model' };
    default:
      return {};
  }
}
