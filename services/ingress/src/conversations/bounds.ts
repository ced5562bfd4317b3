/** Bounds of one conversation: as many messages as a request may have, and less than a request may weigh. */
export const bounds = { mostItems: 2000, mostBytes: 4 * 1024 * 1024 } as const;
