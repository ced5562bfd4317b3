/** Minimum coverage of the product's source by `npm test`, in percent: a little below the measured one. It may only grow. */
const gate = { lines: 91, branches: 88 } as const;

/**
 * Returns the arguments with which vitest fails below the gate. They are empty when only some tests are chosen, because
 * those cover less.
 *
 * @param rest the command's arguments
 */
export function coverageGate(rest: readonly string[]): readonly string[] {
  const isWhole = rest.every((argument) => argument.startsWith('--coverage'));
  if (!isWhole || !rest.includes('--coverage')) return [];
  return Object.entries(gate).map(([what, percentage]) => `--coverage.thresholds.${what}=${percentage}`);
}
