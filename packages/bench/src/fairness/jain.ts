/** Returns Jain's index: 1 for equal shares, 1/n when one of n has everything. */
export function jain(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return sum === 0 ? Number.NaN : (sum * sum) / (shares.length * squares);
}
