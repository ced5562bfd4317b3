/** Gives the calls of one answer, or of one conversation, an id each. */
export interface DistinctIds {
  /** The id itself for the first call that has it; for the others the id with its number behind it. */
  take(id: string): string;
}

/**
 * DeepSeek and GLM give parallel calls the same id now and then; clients, and the next provider, tell calls apart by
 * nothing else. The same ids in the same order give the same names, so that nothing has to be remembered between turns.
 * The names need no mapping back: to every provider the id of a call is a name that its result repeats.
 *
 * @param mostCharacters the longest id that is allowed
 */
export function createDistinctIds(mostCharacters = Number.POSITIVE_INFINITY): DistinctIds {
  const taken = new Set<string>();
  /** The number to go on with, so that ten thousand equal ids do not cost fifty million look-ups. */
  const numbers = new Map<string, number>();
  return {
    take(id) {
      let distinct = id.slice(0, mostCharacters);
      for (let number = numbers.get(id) ?? 2; taken.has(distinct); number++) {
        const ending = `_${number}`;
        distinct = id.slice(0, mostCharacters - ending.length) + ending;
        numbers.set(id, number + 1);
      }
      taken.add(distinct);
      return distinct;
    },
  };
}
