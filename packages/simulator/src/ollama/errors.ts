import type { Failure } from '../server/provider.ts';

/** An error answer. Ollama says what is wrong in a text, and no more. */
export const failure = (status: number, error: string): Failure => ({
  kind: 'failure',
  status,
  body: JSON.stringify({ error }),
});

/** Returns the failure of the simulated OpenAI in Ollama's shape. */
export function inOwnWords({ status, body }: Failure): Failure {
  const { error } = JSON.parse(body) as { readonly error: { readonly message: string } };
  return failure(status, error.message);
}
