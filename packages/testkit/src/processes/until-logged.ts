import { until } from '../until.ts';

/**
 * Resolves with the output of a process once it holds a text. A line reaches its reader after the answer to a client
 * does, as the two go by different pipes: what a process logs of a request is never there at once for certain.
 * @throws Error naming the text, after 5 s.
 */
export async function untilLogged(
  process: { readonly output: () => string } | undefined,
  text: string | RegExp,
): Promise<string> {
  const isIn = (output: string): boolean => (typeof text === 'string' ? output.includes(text) : text.test(output));
  return until(() => [process?.output() ?? ''].find(isIn), { what: `${String(text)} in the output of a process` });
}
