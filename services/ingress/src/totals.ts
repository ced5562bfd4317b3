/** Sums since the start for `/health` and `/status`; Prometheus has the other figures. */
export interface Totals {
  count(request: { readonly durationMs: number; readonly isError: boolean }): void;
  /** Requests to models since the start. */
  readonly requests: number;
  readonly errors: number;
  readonly meanDurationMs: number;
}

export function createTotals(): Totals {
  let requests = 0;
  let errors = 0;
  let durationSumMs = 0;
  return {
    count({ durationMs, isError }) {
      requests++;
      if (isError) errors++;
      durationSumMs += durationMs;
    },
    get requests() {
      return requests;
    },
    get errors() {
      return errors;
    },
    get meanDurationMs() {
      return requests === 0 ? 0 : durationSumMs / requests;
    },
  };
}
