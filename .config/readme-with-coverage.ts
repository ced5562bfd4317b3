const opening = '<!-- coverage: made by npm run coverage -->';
const closing = '<!-- /coverage -->';

/** Percentages of a run of all tests. */
export interface CoverageFigures {
  readonly lines: number;
  readonly branches: number;
  /** As in `2026-11-30`. */
  readonly date: string;
}

/**
 * Puts the figures between their marks in the README.
 * @throws Error when the marks are not there
 */
export function readmeWithCoverage(readme: string, { lines, branches, date }: CoverageFigures): string {
  const from = readme.indexOf(opening);
  const to = readme.indexOf(closing);
  if (from === -1 || to < from) {
    throw new Error(`README.md must have the lines ${opening} and ${closing}, in that order.`);
  }
  const sentence = `The tests run ${lines} % of the product's lines and ${branches} % of its branches (${date}).`;
  return `${readme.slice(0, from)}${opening}\n\n${sentence}\n\n${readme.slice(to)}`;
}
