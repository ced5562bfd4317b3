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
import { asAnonymous } from './anonymous.ts';
import { type Carrier, readCarrier, writeCarrier } from './trace-context.ts';

/** A span at its start. */
export interface StartSpanOptions extends SpanPlace {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes?: SpanAttributes;
}

/** The place of a span in its trace. */
export interface SpanPlace {
  /** A span of this process, or what came with a request or a job. An invalid carrier counts as none. */
  readonly parent?: SpanHandle | Carrier | undefined;
  /** The parent is a client's: its trace goes on, but neither its decision on sampling nor its `tracestate` counts. */
  readonly isParentStranger?: boolean;
  /** Start time of the span, if it began earlier: milliseconds since 1970. */
  readonly startTimeMs?: number;
}

/** A running span. After `end` every call is ignored. */
export interface SpanHandle {
  /**
   * Strings are cut to 1024 characters and go through `redactSecrets`; undefined values are left out. A function is called
   * only if the span is recorded.
   */
  set(attributes: SpanAttributes | (() => SpanAttributes)): void;
  event(name: string, attributes?: SpanAttributes): void;
  /** Marks the span as failed; `code` becomes `error.type`. The message goes through `redactSecrets`. */
  fail(failure: { readonly code: string; readonly message: string }): void;
  /** A time before the start counts as the start: clocks of two machines may disagree. Milliseconds since 1970. */
  end(endTimeMs?: number): void;
  /** For logs. Undefined where there is no trace at all. */
  readonly traceId: string | undefined;
  /** For exemplars. Undefined also where the trace is not recorded: nobody could look it up. */
  readonly sampledTraceId: string | undefined;
  /** The carrier for a child elsewhere: for the job and for the upstream. Empty where there is no trace. */
  carrier(): Carrier;
}

const longestText = 1024;
const noCarrier: Carrier = {};
const ignore = (): void => undefined;

/** The one handle of every span while tracing is off. */
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
 * Starts a span. While tracing is off this gives the one shared handle that does nothing, except where a client brought
 * a trace of its own: that context passes through untouched, into the job and on to the upstream.
 */
export function startSpan(options: StartSpanOptions): SpanHandle {
  const tracer = activeTracer();
  if (tracer === undefined) return passOn(options.parent);
  const span = tracer.startSpan(
    cleanedText(options.name),
    { kind: kinds[options.kind], ...(options.startTimeMs === undefined ? {} : { startTime: options.startTimeMs }) },
    options.isParentStranger === true ? asAnonymous(contextOf(options.parent)) : contextOf(options.parent),
  );
  const handle = handleOf(span, options.startTimeMs);
  // Only now: a request that is not sampled shall not pay for cleaning them, and no standard sampler reads them.
  if (options.attributes !== undefined) handle.set(options.attributes);
  return handle;
}

/** The same for a span whose description takes some work: it is described only while tracing is on. */
export function startSpanOf(describe: () => SpanShape, place: SpanPlace): SpanHandle {
  return activeTracer() === undefined ? passOn(place.parent) : startSpan({ ...describe(), ...place });
}

/** Undefined as long as no SDK has registered itself. */
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

/** Clients choose model names, paths and user agents, and some put keys there. */
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
