import { vi } from 'vitest';

/** Resolves once the expectation holds; fails with its last failure after five seconds. */
export function eventually(expectation: () => unknown, intervalMs = 5): Promise<unknown> {
  return vi.waitFor(expectation, { timeout: 5000, interval: intervalMs });
}
