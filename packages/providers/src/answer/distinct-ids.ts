/** Gives the calls of one answer, or of one turn of a conversation, an id each. */
export interface DistinctIds {
  /** The id itself for the first call that has it; for the others the id with its number behind it. */
  take(id: string): string;
}

/**
 * DeepSeek and GLM give parallel calls the same id now and then; clients, and the next provider, tell calls apart by
 * nothing else. The same ids in the same order give the same names, so that nothing has to be remembered between turns.
 * The names need no mapping back: to every provider the id of a call is a name that its result repeats.
 */
export function createDistinctIds(): DistinctIds {
  const taken = new Set<string>();
  return {
    take(id) {
      let distinct = id;
      for (let number = 2; taken.has(distinct); number++) distinct = `${id}_${number}`;
      taken.add(distinct);
      return distinct;
    },
  };
}
