export interface Totals {
  readonly total_ms: number;
  readonly stream_total_ms: number;
}

/**
 * The time-outs of a gateway that limits the whole of a request and nothing else: a provider that is silent for longer
 * than our own limits, before its answer or within it, is waited for until the request's end.
 */
export function withoutSilenceLimit(totals: Totals): Readonly<Record<string, number>> {
  const longest = Math.max(totals.total_ms, totals.stream_total_ms);
  return { ...totals, first_token_ms: longest, idle_ms: longest };
}

/**
 * For gateways whose documents name no time-outs. Their models have one target each: nobody else could answer sooner
 * if a slow one were left after our default of 30 s.
 */
export const patientTimeouts = { first_token_ms: 60_000 } as const;
