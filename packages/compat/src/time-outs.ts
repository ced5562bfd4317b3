export interface Totals {
  readonly total_ms: number;
  readonly stream_total_ms: number;
}

/**
 * Returns the time-outs of a gateway that limits only the total time of a request: the limits of silence, before an
 * answer and within it, equal the total.
 */
export function withoutSilenceLimit(totals: Totals): Readonly<Record<string, number>> {
  const longest = Math.max(totals.total_ms, totals.stream_total_ms);
  return { ...totals, first_token_ms: longest, idle_ms: longest };
}

/**
 * Time-outs of gateways without documented ones. Their models have one target each, so ending a slow attempt after
 * Sluice's default of 30 s has no benefit.
 */
export const patientTimeouts = { first_token_ms: 60_000 } as const;
