/**
 * Returns the known name that is closest to a written one; undefined if none is close. Case and separators do not count
 * (`apiKey` and `api-key` equal `api_key`). Apart from them at most a third of the letters may differ, and at most three.
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

/** Maximum length of a compared name: longer than every setting's name. It bounds the cost for garbage. */
const longestName = 64;

/** Returns the number of letters to insert, remove or replace to turn one text into the other (Levenshtein). */
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
