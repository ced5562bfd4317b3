import {
  type Attributes,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type Span,
  SpanKind as ApiSpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer,
} from '@opentelemetry/api';
import { attributeNames, type SpanAttributes, type SpanKind, type SpanShape } from './names.ts';
import { redactSecrets } from './redact.ts';
import { withForeignParent } from './foreign-parent.ts';
import { type Carrier, readCarrier, writeCarrier } from './trace-context.ts';

/** A span to start. */
export interface StartSpanOptions extends SpanPlace {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes?: SpanAttributes;
}

/** Place of a span in its trace. */
export interface SpanPlace {
  /** A span of this process, or the carrier of a request or a job. An invalid carrier counts as absent. */
  readonly parent?: SpanHandle | Carrier | undefined;
  /**
   * True if the parent is a client's: its trace continues, but its sampling decision and its `tracestate` are ignored.
   */
  readonly isParentForeign?: boolean;
  /** Start time of a span that started earlier: milliseconds since 1970. */
  readonly startTimeMs?: number;
}

/** A running span. All calls after `end` are ignored. */
export interface SpanHandle {
  /**
   * Sets attributes. Strings are cut to 1024 characters and go through `redactSecrets`; undefined values are omitted. A
   * function is called only if the span is recorded.
   */
  set(attributes: SpanAttributes | (() => SpanAttributes)): void;
  event(name: string, attributes?: SpanAttributes): void;
  /** Marks the span as failed; `code` becomes `error.type`. The message goes through `redactSecrets`. */
  fail(failure: { readonly code: string; readonly message: string }): void;
  /**
   * Ends the span. A time before the start counts as the start, since two clocks may differ. Milliseconds since 1970.
   */
  end(endTimeMs?: number): void;
  /** Trace id for logs; undefined without a trace. */
  readonly traceId: string | undefined;
  /** Trace id for exemplars; also undefined if the trace is not recorded, because it could not be looked up. */
  readonly sampledTraceId: string | undefined;
  /** Returns the carrier for a remote child: for the job and for the upstream. Empty without a trace. */
  carrier(): Carrier;
}

const longestText = 1024;
const noCarrier: Carrier = {};
const ignore = (): void => undefined;

/** Shared handle of all spans while tracing is off. */
const noSpan: SpanHandle = {
  set: ignore,
  event: ignore,
  fail: ignore,
  end: ignore,
  traceId: undefined,
  sampledTraceId: undefined,
  carrier: () => noCarrier,
};

const spanOf = Symbol('span');
interface LiveHandle extends SpanHandle {
  readonly [spanOf]: Span;
}

const kinds: Readonly<Record<SpanKind, ApiSpanKind>> = {
  internal: ApiSpanKind.INTERNAL,
  server: ApiSpanKind.SERVER,
  client: ApiSpanKind.CLIENT,
  producer: ApiSpanKind.PRODUCER,
  consumer: ApiSpanKind.CONSUMER,
};

/**
 * Starts a span. While tracing is off, returns the shared handle, which does nothing, unless a client sent its own
 * trace context: that context passes unchanged into the job and on to the upstream.
 */
export function startSpan(options: StartSpanOptions): SpanHandle {
  const tracer = activeTracer();
  if (tracer === undefined) return passOn(options.parent);
  const span = tracer.startSpan(
    cleanedText(options.name),
    { kind: kinds[options.kind], ...(options.startTimeMs === undefined ? {} : { startTime: options.startTimeMs }) },
    options.isParentForeign === true ? withForeignParent(contextOf(options.parent)) : contextOf(options.parent),
  );
  const handle = handleOf(span, options.startTimeMs);
  // Set after the start: an unsampled request must not pay for cleaning them, and no standard sampler reads them.
  if (options.attributes !== undefined) handle.set(options.attributes);
  return handle;
}

/** Starts a span with an expensive description: `describe` is called only while tracing is on. */
export function startSpanOf(describe: () => SpanShape, place: SpanPlace): SpanHandle {
  return activeTracer() === undefined ? passOn(place.parent) : startSpan({ ...describe(), ...place });
}

/** Returns the tracer; undefined as long as no SDK is registered. */
function activeTracer(): Tracer | undefined {
  const provider = trace.getTracerProvider();
  return provider instanceof ProxyTracerProvider ? provider.getDelegateTracer('sluice') : provider.getTracer('sluice');
}

function contextOf(parent: SpanHandle | Carrier | undefined): typeof ROOT_CONTEXT {
  if (parent === undefined) return ROOT_CONTEXT;
  if (spanOf in parent) return trace.setSpan(ROOT_CONTEXT, (parent as LiveHandle)[spanOf]);
  const remote = readCarrier('carrier' in parent ? parent.carrier() : parent);
  return remote === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, remote);
}

function passOn(parent: SpanHandle | Carrier | undefined): SpanHandle {
  if (parent === undefined) return noSpan;
  if ('carrier' in parent) return parent;
  const remote = readCarrier(parent);
  if (remote === undefined) return noSpan;
  const { traceparent } = parent;
  const tracestate = remote.traceState === undefined ? undefined : parent.tracestate;
  const carrier: Carrier = { traceparent, ...(tracestate === undefined ? {} : { tracestate }) };
  return { ...noSpan, traceId: remote.traceId, carrier: () => carrier };
}

function handleOf(span: Span, startTimeMs: number | undefined): LiveHandle {
  const { traceId, traceFlags } = span.spanContext();
  return {
    [spanOf]: span,
    traceId,
    sampledTraceId: (traceFlags & TraceFlags.SAMPLED) === 0 ? undefined : traceId,
    set(attributes) {
      if (!span.isRecording()) return;
      span.setAttributes(cleaned(typeof attributes === 'function' ? attributes() : attributes));
    },
    event(name, attributes = {}) {
      if (span.isRecording()) span.addEvent(name, cleaned(attributes));
    },
    fail({ code, message }) {
      if (!span.isRecording()) return;
      span.setAttribute(attributeNames.errorType, code);
      span.setStatus({ code: SpanStatusCode.ERROR, message: cleanedText(message) });
    },
    end(endTimeMs) {
      if (!span.isRecording()) return;
      span.end(endTimeMs === undefined ? undefined : Math.max(endTimeMs, startTimeMs ?? 0));
    },
    carrier: () => writeCarrier(span.spanContext()),
  };
}

/** Cleans attributes: clients choose model names, paths and user agents, and some put keys there. */
function cleaned(attributes: SpanAttributes): Attributes {
  const result: Attributes = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    if (typeof value === 'string') result[name] = cleanedText(value);
    else result[name] = typeof value === 'object' ? value.map(cleanedText) : value;
  }
  return result;
}

function cleanedText(text: string): string {
  return redactSecrets(text.length > 4 * longestText ? text.slice(0, 4 * longestText) : text).slice(0, longestText);
}
