/** The objective of boards and alerts: the minimum share of good requests. */
const good = 0.995;

export const objective = { good, budget: Math.round((1 - good) * 1e6) / 1e6 } as const;
