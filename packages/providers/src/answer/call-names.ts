/** Names the calls that have no id: by their place in the answer, so that each try of a request gives the same ids. */
export type CallNames = (index: number) => string;

export const callNames =
  (requestId: string, choice: number): CallNames =>
  (index) =>
    `call_${requestId.replaceAll(/[^A-Za-z0-9]/g, '')}${choice === 0 ? '' : `_${choice}`}_${index}`;
