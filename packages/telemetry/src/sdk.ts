import { diag, DiagLogLevel } from '@opentelemetry/api';
import {
  defaultResource,
  envDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { createDiagnostics } from './diagnostics.ts';
import { createSampler } from './sampler.ts';
import { type ProcessFacts, serviceIdentity } from './service-identity.ts';

/** The running SDK, reduced to the operations that Sluice uses. */
export interface Sdk {
  /** Sends the remaining spans and stops. Rejects if that fails. */
  shutdown(): Promise<void>;
}

/**
 * Starts the SDK for traces. Its own standard variables set exporter, protocol, sampler, limits and batch sizes.
 * Metrics and logs stay with Prometheus and pino unless the operator names an exporter for them. Automatic
 * instrumentation is off: with ioredis alone every token would become a span.
 */
export function startSdk({ env, mainPath }: ProcessFacts): Sdk {
  const { name, version } = serviceIdentity({ env, mainPath });
  const sdk = new NodeSDK({
    // Lowest precedence: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES override it.
    resource: defaultResource().merge(
      resourceFromAttributes({
        'service.name': name,
        ...(version === undefined ? {} : { 'service.version': version }),
      }),
    ),
    // The SDK's default set would also send the command line, which may hold a password.
    ...(isSet(env['OTEL_NODE_RESOURCE_DETECTORS'])
      ? {}
      : { resourceDetectors: [serviceInstanceIdDetector, envDetector] }),
    ...(isSet(env['OTEL_METRICS_EXPORTER']) ? {} : { metricReaders: [] }),
    ...(isSet(env['OTEL_LOGS_EXPORTER']) ? {} : { logRecordProcessors: [] }),
    sampler: createSampler(env),
    instrumentations: [],
  });
  const logLevel = diagnosticsLevel(env['OTEL_LOG_LEVEL']);
  // Set after the constructor, which would react to OTEL_LOG_LEVEL with a logger on stdout, among the JSON lines.
  diag.setLogger(
    createDiagnostics({
      write: (line) => process.stderr.write(line),
      now: () => performance.now(),
      isLimited: logLevel < DiagLogLevel.DEBUG,
    }),
    { logLevel, suppressOverrideMessage: true },
  );
  sdk.start();
  return sdk;
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value.trim() !== '';
}

function diagnosticsLevel(text: string | undefined): DiagLogLevel {
  const levels: Readonly<Record<string, DiagLogLevel>> = {
    NONE: DiagLogLevel.NONE,
    ERROR: DiagLogLevel.ERROR,
    WARN: DiagLogLevel.WARN,
    INFO: DiagLogLevel.INFO,
    DEBUG: DiagLogLevel.DEBUG,
    VERBOSE: DiagLogLevel.VERBOSE,
    ALL: DiagLogLevel.ALL,
  };
  return levels[text?.trim().toUpperCase() ?? ''] ?? DiagLogLevel.WARN;
}
