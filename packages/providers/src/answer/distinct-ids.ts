/** Names each of several calls: an id that another call has had already gets a number behind it. */
export type DistinctIds = (id: string) => string;

/**
 * Some models give parallel calls one and the same id. Clients and providers tell calls and their results apart by it, so
 * the second of them needs another. The same ids in the same order always come out the same.
 *
 * @param mostCharacters the longest id that is allowed
 */
export function createDistinctIds(mostCharacters = Number.POSITIVE_INFINITY): DistinctIds {
  const taken = new Set<string>();
  /** Where to go on counting, so that ten thousand equal ids do not cost fifty million look-ups. */
  const counts = new Map<string, number>();
  return (id) => {
    let distinct = id.slice(0, mostCharacters);
    for (let count = counts.get(id) ?? 2; taken.has(distinct); count++) {
      const ending = `_${count}`;
      distinct = id.slice(0, mostCharacters - ending.length) + ending;
      counts.set(id, count + 1);
    }
    taken.add(distinct);
    return distinct;
  };
}
