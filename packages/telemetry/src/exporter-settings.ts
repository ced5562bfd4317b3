/** Tracing as requested by the standard variables: off, on, or not possible. */
export type TracingWish =
  | { readonly kind: 'off' }
  | { readonly kind: 'on' }
  /** `problem` names the variable and the expected value; it omits the actual value, which may hold a password. */
  | { readonly kind: 'impossible'; readonly problem: string };

/**
 * Reads OpenTelemetry's own variables. By default the SDK would send traces to localhost, also after an endpoint that
 * it cannot parse.
 */
export function readTracingWish(env: NodeJS.ProcessEnv): TracingWish {
  if (valueOf(env, 'OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return { kind: 'off' };
  const endpoint = endpointNames.find((name) => valueOf(env, name) !== undefined);
  const exporters = valueOf(env, 'OTEL_TRACES_EXPORTER')
    ?.split(',')
    .map((name) => name.trim());
  if (exporters === undefined && endpoint === undefined) return { kind: 'off' };
  if (exporters?.[0] === 'none') return { kind: 'off' };
  const usesEndpoint = exporters === undefined || exporters.includes('otlp');
  if (usesEndpoint && endpoint !== undefined && !isGrpc(env) && !isHttpUrl(valueOf(env, endpoint))) {
    return { kind: 'impossible', problem: `${endpoint} must be a URL like http://collector:4318` };
  }
  return { kind: 'on' };
}

/** Endpoint variables; the first that is set counts. */
const endpointNames = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'];

/** Returns whether the protocol is gRPC, whose endpoints need not be URLs. */
function isGrpc(env: NodeJS.ProcessEnv): boolean {
  return (valueOf(env, 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? valueOf(env, 'OTEL_EXPORTER_OTLP_PROTOCOL')) === 'grpc';
}

function isHttpUrl(text: string | undefined): boolean {
  return text !== undefined && /^https?:\/\//i.test(text) && URL.canParse(text);
}

/** Returns a variable's value. An empty value counts as not set, as the specification requires. */
function valueOf(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name]?.trim() || undefined;
}
