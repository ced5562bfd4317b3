/**
 * Generates ids for tool calls without one, from their position in the answer, so that each attempt of a request gives
 * the same ids.
 */
export type CallNames = (index: number) => string;

export const callNames =
  (requestId: string, choice: number): CallNames =>
  (index) =>
    `call_${requestId.replaceAll(/[^A-Za-z0-9]/g, '')}${choice === 0 ? '' : `_${choice}`}_${index}`;
