import { invalidRequest } from '../openai/errors.ts';
import type { Failure } from '../server/provider.ts';

const mostInputs = 10;
const older = { models: /^text-embedding-v[12]/, mostInputs: 25 };

/** Returns a failure if an embeddings request has more texts than the model accepts; OpenAI would accept it. */
export function tooManyInputs(body: string): Failure | undefined {
  const { model, input } = fieldsOf(body);
  const most = typeof model === 'string' && older.models.test(model) ? older.mostInputs : mostInputs;
  if (!Array.isArray(input) || input.length <= most) return undefined;
  return invalidRequest({
    message: `<400> InternalError.Algo.InvalidParameter: Value error, batch size is invalid, it should not be larger than ${most}.: input.contents`,
    code: 'InvalidParameter',
  });
}

function fieldsOf(body: string): { readonly model?: unknown; readonly input?: unknown } {
  try {
    return Object(JSON.parse(body)) as ReturnType<typeof fieldsOf>;
  } catch {
    return {};
  }
}
