/** Percentages of the product's source that `npm test` must run, a little below what it does run. They may only grow. */
const gate = { lines: 84, branches: 84 } as const;

/**
 * Returns the arguments with which vitest fails below the gate. A part of the tests covers less than all, so there are
 * none when something is chosen.
 *
 * @param rest what the person has given beside the command
 */
export function coverageGate(rest: readonly string[]): readonly string[] {
  const isWhole = rest.every((argument) => argument.startsWith('--coverage'));
  if (!isWhole || !rest.includes('--coverage')) return [];
  return Object.entries(gate).map(([what, percentage]) => `--coverage.thresholds.${what}=${percentage}`);
}
