import { diag } from '@opentelemetry/api';
import { readTracingWish } from './exporter-settings.ts';
import { redactSecrets } from './redact.ts';
import type { Sdk } from './sdk.ts';
import type { ProcessFacts } from './service-identity.ts';

let sdk: Sdk | undefined;

/**
 * Starts the OpenTelemetry SDK if an exporter for traces is configured. Never throws: a gateway without traces is worth
 * more than none. A line on stderr says why there are none although they were asked for.
 */
export async function startTelemetry(facts: ProcessFacts): Promise<void> {
  const wish = readTracingWish(facts.env);
  if (sdk !== undefined || wish.kind === 'off') return;
  if (wish.kind === 'impossible') return complain(`tracing is off: ${wish.problem}`);
  try {
    const { startSdk } = await import('./sdk.ts');
    sdk = startSdk(facts);
  } catch (error) {
    complain(`tracing is off, the SDK did not start: ${messageOf(error)}`);
  }
}

/**
 * Sends what has been recorded and stops tracing; does nothing where it never started. Resolves after `timeoutMs` at the
 * latest, and never rejects: if the collector is away, a line on stderr says so, unless one has done so within the last
 * minute. The exporter's own retries may outlive that: exit explicitly afterwards.
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
    // Not `complain`: a collector in trouble has most likely been reported, and this is the same trouble.
    diag.error(`the last spans were not sent: ${messageOf(error)}`);
  } finally {
    clearTimeout(timer);
  }
}

function complain(text: string): void {
  process.stderr.write(`sluice telemetry: ${redactSecrets(text).replaceAll(/\s+/g, ' ')}\n`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
