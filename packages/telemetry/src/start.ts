import { diag } from '@opentelemetry/api';
import { readTracingWish } from './exporter-settings.ts';
import { redactSecrets } from './redact.ts';
import type { Sdk } from './sdk.ts';
import type { ProcessFacts } from './service-identity.ts';

let sdk: Sdk | undefined;

/**
 * Starts the OpenTelemetry SDK if an exporter for traces is configured. Never throws: a gateway without traces is
 * better than no gateway. A line on stderr gives the reason if requested traces are missing.
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
 * Sends the recorded spans and stops tracing; does nothing if tracing never started. Resolves after `timeoutMs` at the
 * latest and never rejects: an unavailable collector is reported by a line on stderr, at most once a minute. The
 * exporter's own retries may last longer: exit explicitly afterwards.
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
    // Not `complain`: an unavailable collector has most likely been reported already.
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
