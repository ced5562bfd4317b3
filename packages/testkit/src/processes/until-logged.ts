import { until } from '../until.ts';

/**
 * Resolves with the output of a process when it contains a text. A log line and the answer to a client use different pipes,
 * so the line may arrive after the answer.
 * @throws Error that names the text, after 15 s.
 */
export async function untilLogged(
  process: { readonly output: () => string } | undefined,
  text: string | RegExp,
): Promise<string> {
  const isIn = (output: string): boolean => (typeof text === 'string' ? output.includes(text) : text.test(output));
  return until(() => [process?.output() ?? ''].find(isIn), { what: `${String(text)} in the output of a process` });
}
