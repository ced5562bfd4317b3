/** Assigns distinct ids to the tool calls of one answer or conversation. */
export interface DistinctIds {
  /** Returns the id itself for its first use; for later uses the id with a number appended. */
  take(id: string): string;
}

/**
 * Makes ids of tool calls distinct. DeepSeek and GLM sometimes give parallel calls the same id; clients and the next
 * provider distinguish calls only by their ids. The same ids in the same order give the same result, so that no state
 * is needed between turns. The ids need no mapping back: for every provider the id of a call is a name that its result
 * repeats.
 *
 * @param mostCharacters maximum length of an id
 */
export function createDistinctIds(mostCharacters = Number.POSITIVE_INFINITY): DistinctIds {
  const taken = new Set<string>();
  /** Next number for each id, so that ten thousand equal ids do not cost fifty million look-ups. */
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
