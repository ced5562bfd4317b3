import { redactSecrets } from './redact.ts';
import type { Sdk } from './sdk.ts';
import type { ProcessFacts } from './service-identity.ts';

let sdk: Sdk | undefined;

/**
 * Starts the OpenTelemetry SDK if an exporter for traces is configured. Never throws: a gateway without traces is worth
 * more than none.
 */
export async function startTelemetry(facts: ProcessFacts): Promise<void> {
  if (sdk !== undefined || !isTracingConfigured(facts.env)) return;
  try {
    const { startSdk } = await import('./sdk.ts');
    sdk = startSdk(facts);
  } catch (error) {
    complain(`tracing is off, the SDK did not start: ${String(error)}`);
  }
}

/**
 * Sends what has been recorded and stops tracing; does nothing where it never started. Resolves after `timeoutMs` at the
 * latest, and never rejects: if the collector is away, a line on stderr says so. The exporter's own retries may outlive
 * that: exit explicitly afterwards.
 */
export async function shutdownTelemetry(timeoutMs: number): Promise<void> {
  if (sdk === undefined) return;
  const stopping = sdk.shutdown();
  sdk = undefined;
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, timeoutMs, new Error(`no answer within ${timeoutMs} ms`));
  });
  try {
    await Promise.race([stopping, timeUp]);
  } catch (error) {
    complain(`the last spans were not sent: ${String(error)}`);
  } finally {
    clearTimeout(timer);
  }
}

function complain(text: string): void {
  process.stderr.write(`sluice telemetry: ${redactSecrets(text).replaceAll(/\s+/g, ' ')}\n`);
}

/** Do the standard variables ask for traces to be sent somewhere? The SDK itself would send them to localhost unasked. */
export function isTracingConfigured(env: NodeJS.ProcessEnv): boolean {
  if (env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true') return false;
  const exporter = env['OTEL_TRACES_EXPORTER']?.trim() ?? '';
  if (exporter !== '') return exporter !== 'none';
  return Boolean(env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']?.trim() || env['OTEL_EXPORTER_OTLP_ENDPOINT']?.trim());
}
