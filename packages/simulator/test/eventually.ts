import { vi } from 'vitest';

/** Resolves when the expectation is met; rejects with its last failure after five seconds. */
export function eventually(expectation: () => unknown, intervalMs = 5): Promise<unknown> {
  return vi.waitFor(expectation, { timeout: 5000, interval: intervalMs });
}
