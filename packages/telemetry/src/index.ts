export type { AttemptOutcome, DropReason, Outcome, RefusalReason } from './label-values.ts';
export { metricTable } from './metric-names.ts';
export type { LabelValues, MetricRow, Service } from './metric-row.ts';
export { chooseFormat, type Exposition, type ExpositionFormat } from './exposition.ts';
export { createMetrics, type MetricsOptions } from './metrics.ts';
export type {
  FinishedRequest,
  IngressMetrics,
  IngressSources,
  RecorderFacts,
  SharedMetrics,
  WorkerMetrics,
  WorkerSources,
} from './recorders.ts';
export { createLogger, type Logger, type LoggerOptions, type LogLevel } from './logger.ts';
export {
  admissionWaitSpan,
  attemptSpan,
  compressedMessagesAttribute,
  costAttributes,
  courseAttributes,
  droppedParametersAttribute,
  firstChunkEvent,
  httpResponseAttributes,
  httpServerSpan,
  inferenceResultAttributes,
  type InferenceResult,
  inferenceSpan,
  principalAttributes,
  processSpan,
  queueWaitSpan,
  sendSpan,
  tokenSpan,
  type SpanAttributes,
  type SpanKind,
  type SpanShape,
} from './names.ts';
export { redactSecrets } from './redact.ts';
export { logRequest, type RequestLogFields } from './request-log.ts';
export { type Render, shareRender } from './shared-render.ts';
export { shutdownTelemetry } from './start.ts';
export { createTroubleLog } from './trouble-log.ts';
export { type Carrier } from './trace-context.ts';
export { type SpanHandle, startSpan, startSpanOf, type StartSpanOptions } from './tracing.ts';
