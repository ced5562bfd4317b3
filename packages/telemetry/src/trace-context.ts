import { createTraceState, type SpanContext, TraceFlags } from '@opentelemetry/api';

/**
 * Trace context in transit: HTTP headers or fields of a job. Always W3C Trace Context, independent of
 * `OTEL_PROPAGATORS`, because the job has no other fields. Baggage is not passed on: it would carry external data to
 * providers.
 */
export interface Carrier {
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

const traceparentPattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** Minimum length that the specification requires every participant to pass on. */
const longestTracestate = 512;

/** Reads a carrier; undefined if it is empty or invalid. An invalid `tracestate` is dropped. */
export function readCarrier({ traceparent, tracestate }: Carrier): SpanContext | undefined {
  const [whole, traceId, spanId, flags, rest] = traceparentPattern.exec(traceparent ?? '') ?? [];
  if (whole === undefined || traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  // Only versions after 00 may have more parts.
  if (rest !== undefined && whole.startsWith('00')) return undefined;
  return {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED,
    isRemote: true,
    ...(isTracestate(tracestate) ? { traceState: createTraceState(tracestate) } : {}),
  };
}

/** Writes a carrier; with `tracestate` only if there is one. */
export function writeCarrier({ traceId, spanId, traceFlags, traceState }: SpanContext): Carrier {
  const tracestate = traceState?.serialize();
  return {
    traceparent: `00-${traceId}-${spanId}-${(traceFlags & TraceFlags.SAMPLED) === 0 ? '00' : '01'}`,
    ...(tracestate ? { tracestate } : {}),
  };
}

function isTracestate(text: string | undefined): text is string {
  return text !== undefined && text.length <= longestTracestate && /^[\x20-\x7e]+$/.test(text);
}
