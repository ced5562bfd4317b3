/** The objective that the boards show and the alerts defend: this share of requests is good. */
const good = 0.995;

export const objective = { good, budget: Math.round((1 - good) * 1e6) / 1e6 } as const;
