import type { Failure } from '../server/provider.ts';

/** Returns an error answer. Ollama's errors consist of a text only. */
export const failure = (status: number, error: string): Failure => ({
  kind: 'failure',
  status,
  body: JSON.stringify({ error }),
});

/** Converts a failure of the simulated OpenAI to Ollama's shape. */
export function inOwnWords({ status, body }: Failure): Failure {
  const { error } = JSON.parse(body) as { readonly error: { readonly message: string } };
  return failure(status, error.message);
}
