/**
 * Every name that appears in a trace, in one file because the names change: the GenAI conventions are still in
 * development and have left the main OpenTelemetry repository. HTTP and messaging names are those of the general
 * semantic conventions. The values never contain a prompt, an answer, a stop sequence or a key.
 */

/** Side of an operation that a span represents. */
export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';
/** Attributes by name; undefined values are omitted. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** Data to start a span with: `startSpan({ ...admissionWaitSpan(), parent })`. */
export interface SpanShape {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: SpanAttributes;
}

/** The only span event: the first chunk of the answer has arrived. */
export const firstChunkEvent = 'first_chunk';

/** Names that code outside this file refers to. */
export const attributeNames = {
  errorType: 'error.type',
} as const;

const messagingSystem = 'bullmq';
const knownMethods = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE']);

/** Describes a request at the ingress, from its arrival to the end of its stream. `route` is absent if none matched. */
export function httpServerSpan(request: {
  readonly method: string;
  readonly route?: string | undefined;
  readonly path: string;
  readonly requestId: string;
  readonly userAgent?: string | undefined;
  readonly clientAddress?: string | undefined;
}): SpanShape {
  const isKnown = knownMethods.has(request.method);
  const method = isKnown ? request.method : 'HTTP';
  return {
    name: request.route === undefined ? method : `${method} ${request.route}`,
    kind: 'server',
    attributes: {
      ...methodAttributes(request.method),
      'http.route': request.route,
      'url.path': request.path,
      'user_agent.original': request.userAgent,
      'client.address': request.clientAddress,
      'sluice.request_id': request.requestId,
    },
  };
}

/** Returns the caller's attributes, known after authentication: the key's name in the configuration, never the key. */
export function principalAttributes(keyName: string): SpanAttributes {
  return { 'sluice.key_name': keyName };
}

/** Returns the number of messages dropped from a long request, for the server span. */
export const compressedMessagesAttribute = (count: number): SpanAttributes => ({
  'sluice.compressed_messages': count,
});

/** Returns the status, for the server span and for each attempt. */
export function httpResponseAttributes(status: number): SpanAttributes {
  return { 'http.response.status_code': status };
}

/**
 * Returns the times of a request as seen by its client and by the queue, for the server span. Whole milliseconds, and
 * only known values: a collector's sampler compares whole numbers.
 */
export function courseAttributes(course: {
  readonly ttftMs?: number | undefined;
  readonly queueWaitMs?: number | undefined;
  /** Number of times that the answer broke off and was resumed. */
  readonly resumptions: number;
}): SpanAttributes {
  return {
    'sluice.ttft_ms': rounded(course.ttftMs),
    'sluice.queue_wait_ms': rounded(course.queueWaitMs),
    'sluice.resumptions': course.resumptions === 0 ? undefined : course.resumptions,
  };
}

const rounded = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : Math.round(ms));

/** Describes the time from the request for a lease to its grant or refusal. */
export function admissionWaitSpan(): SpanShape {
  return { name: 'admission wait', kind: 'internal', attributes: {} };
}

interface Message {
  /** Queue name such as `chat`, not the key prefix of one shard. */
  readonly queue: string;
  readonly messageId: string;
}

/** Describes the ingress's submission of a job to the queue; this span's carrier goes into the job. */
export function sendSpan({ queue, messageId }: Message): SpanShape {
  return { name: `send ${queue}`, kind: 'producer', attributes: messageAttributes('send', { queue, messageId }) };
}

/** Describes the time from adding the job to a worker's claim: pass `startTimeMs` and end the span at once. */
export function queueWaitSpan({ queue }: Pick<Message, 'queue'>): SpanShape {
  return {
    name: 'queue wait',
    kind: 'internal',
    attributes: { 'messaging.system': messagingSystem, 'messaging.destination.name': queue },
  };
}

/** Describes the worker's run of one job. Its parent is the sender instead of a link: both live equally long. */
export function processSpan({ queue, messageId, epoch }: Message & { readonly epoch: number }): SpanShape {
  return {
    name: `process ${queue}`,
    kind: 'consumer',
    attributes: { ...messageAttributes('process', { queue, messageId }), 'sluice.epoch': epoch },
  };
}

/** Describes the logical model call with all its attempts. Values that the client did not set are omitted. */
export function inferenceSpan(call: {
  readonly operation: 'chat' | 'embeddings';
  /** Type of the upstream in the configuration. */
  readonly providerType: string;
  /** Model name from the client: the serving model and provider may change with each attempt. */
  readonly model: string;
  readonly stream: boolean;
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly choices?: number | undefined;
  readonly seed?: number | undefined;
}): SpanShape {
  return {
    name: `${call.operation} ${call.model}`,
    kind: 'client',
    attributes: {
      'gen_ai.operation.name': call.operation,
      'gen_ai.provider.name': providerNames[call.providerType] ?? call.providerType,
      'gen_ai.request.model': call.model,
      'gen_ai.request.stream': call.stream,
      'gen_ai.request.max_tokens': call.maxTokens,
      'gen_ai.request.temperature': call.temperature,
      'gen_ai.request.top_p': call.topP,
      'gen_ai.request.choice.count': call.choices === 1 ? undefined : call.choices,
      'gen_ai.request.seed': call.seed,
    },
  };
}

/** Data known when the logical call ends. */
export interface InferenceResult {
  readonly upstream?: string | undefined;
  readonly attempts?: number | undefined;
  /** Number of extension attempts after the answer reached its limit. */
  readonly continuations?: number | undefined;
  readonly responseModel?: string | undefined;
  readonly finishReasons?: readonly string[] | undefined;
  /** Input tokens, including cached ones. */
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly cacheReadTokens?: number | undefined;
  readonly cacheWriteTokens?: number | undefined;
  readonly reasoningTokens?: number | undefined;
}

/** Returns the result's attributes, for the inference span and, if known, for the server span. */
export function inferenceResultAttributes(result: InferenceResult, names = genAiNames): SpanAttributes {
  return {
    'gen_ai.response.model': result.responseModel,
    'gen_ai.response.finish_reasons': result.finishReasons,
    'gen_ai.usage.input_tokens': result.inputTokens,
    'gen_ai.usage.output_tokens': result.outputTokens,
    'gen_ai.usage.cache_read.input_tokens': result.cacheReadTokens,
    [names.cacheWriteTokens]: result.cacheWriteTokens,
    'gen_ai.usage.reasoning.output_tokens': result.reasoningTokens,
    'sluice.upstream': result.upstream,
    'sluice.attempts': result.attempts,
    'sluice.continuations': result.continuations,
  };
}

/** Returns the cost of one call, or of all calls of a request. */
export const costAttributes = (spent: {
  /** Micro-dollars. */
  readonly costMicros?: number | undefined;
  /** Some part of the cost is estimated. */
  readonly isEstimated?: boolean | undefined;
}): SpanAttributes => ({
  'sluice.cost_usd': spent.costMicros === undefined ? undefined : spent.costMicros / 1_000_000,
  'sluice.cost_estimated': spent.isEstimated === true ? true : undefined,
});

/** Returns the request fields that were dropped because the provider does not support them. */
export const droppedParametersAttribute = (names: readonly string[]): SpanAttributes => ({
  'sluice.dropped_parameters': [...names],
});

/** Describes one HTTP call to a provider. `resendCount` is 0 for the first attempt. */
export function attemptSpan(attempt: {
  readonly method: string;
  readonly url: string;
  readonly resendCount: number;
  readonly upstream: string;
  /** Id of the credential in the configuration, never the credential. */
  readonly credentialId?: string | undefined;
}): SpanShape {
  return {
    name: knownMethods.has(attempt.method) ? attempt.method : 'HTTP',
    kind: 'client',
    attributes: {
      ...methodAttributes(attempt.method),
      ...urlAttributes(attempt.url),
      'http.request.resend_count': attempt.resendCount === 0 ? undefined : attempt.resendCount,
      'sluice.upstream': attempt.upstream,
      'sluice.credential_id': attempt.credentialId,
    },
  };
}

/** Describes an attempt's wait for its access token, obtained by this worker (`obtained`) or by another (`awaited`). */
export function tokenSpan(token: {
  readonly upstream: string;
  readonly credentialId: string;
  readonly origin: 'obtained' | 'awaited';
}): SpanShape {
  return {
    name: 'provider token',
    kind: 'internal',
    attributes: {
      'sluice.upstream': token.upstream,
      'sluice.credential_id': token.credentialId,
      'sluice.token_origin': token.origin,
    },
  };
}

/**
 * Selects names by the GenAI conventions of autumn 2026, which renamed some. Existing dashboards use the earlier names,
 * so the new ones require the opt-in of the specification.
 */
export function selectGenAiNames(stabilityOptIn: string | undefined): { readonly cacheWriteTokens: string } {
  const categories = (stabilityOptIn ?? '').split(',').map((category) => category.trim());
  return categories.includes('gen_ai_latest_experimental')
    ? { cacheWriteTokens: 'gen_ai.usage.cache_write.input_tokens' }
    : { cacheWriteTokens: 'gen_ai.usage.cache_creation.input_tokens' };
}

// This variable belongs to OpenTelemetry and is read here, as the SDK reads its others.
const genAiNames = selectGenAiNames(process.env['OTEL_SEMCONV_STABILITY_OPT_IN']);

/** Provider types whose well-known value in the conventions differs from Sluice's word. */
const providerNames: Readonly<Record<string, string>> = { azure: 'azure.ai.openai', gemini: 'gcp.gemini' };

function methodAttributes(method: string): SpanAttributes {
  return knownMethods.has(method)
    ? { 'http.request.method': method }
    : { 'http.request.method': '_OTHER', 'http.request.method_original': method };
}

function messageAttributes(operation: 'send' | 'process', { queue, messageId }: Message): SpanAttributes {
  return {
    'messaging.system': messagingSystem,
    'messaging.destination.name': queue,
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    'messaging.message.id': messageId,
  };
}

/** Returns the URL's attributes without query and user: some providers accept a token there. */
function urlAttributes(text: string): SpanAttributes {
  if (!URL.canParse(text)) return {};
  const url = new URL(text);
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  return { 'url.full': `${url.origin}${url.pathname}`, 'server.address': url.hostname, 'server.port': port };
}
