/**
 * Finds the name that was probably meant. `apiKey` and `api-key` are as good as `api_key`; beyond that, a third of the
 * letters may be wrong, but not more than three.
 */
export function nearest(written: string, names: Iterable<string>): string | undefined {
  const wanted = plain(written);
  let best: { name: string; distance: number } | undefined;
  for (const name of names) {
    const distance = editDistance(wanted, plain(name));
    if (distance <= Math.min(3, Math.ceil(name.length / 3)) && (best === undefined || distance < best.distance)) {
      best = { name, distance };
    }
  }
  return best?.name;
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** Longer than any name of ours; keeps the cost of garbage down. */
const longestName = 64;

/** Letters to insert, remove or replace to get from one to the other (Levenshtein). */
function editDistance(from: string, to: string): number {
  if (from.length > longestName || to.length > longestName) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let at = 0; at < from.length; at++) {
    const next = [at + 1];
    for (let other = 0; other < to.length; other++) {
      const replaced = (row[other] ?? 0) + (from[at] === to[other] ? 0 : 1);
      next.push(Math.min(replaced, (row[other + 1] ?? 0) + 1, (next[other] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
