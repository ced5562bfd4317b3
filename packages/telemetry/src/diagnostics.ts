import type { DiagLogger } from '@opentelemetry/api';
import { redactSecrets } from './redact.ts';

/** The dependencies of {@link createDiagnostics}. */
export interface DiagnosticsNeeds {
  readonly write: (line: string) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** False while an operator debugs the exporter and needs every line. */
  readonly isLimited: boolean;
}

const quietMs = 60_000;
const longestLine = 400;

/**
 * Creates a log of the SDK's own errors: one line a minute, with the number of lines suppressed since. An unavailable
 * collector must not fill the logs.
 */
export function createDiagnostics({ write, now, isLimited }: DiagnosticsNeeds): DiagLogger {
  let nextAt = -Infinity;
  let heldBack = 0;

  function say(message: string): void {
    if (isLimited && now() < nextAt) {
      heldBack++;
      return;
    }
    nextAt = now() + quietMs;
    const others = heldBack === 0 ? '' : ` (and ${heldBack} more since the last line)`;
    heldBack = 0;
    write(`sluice telemetry: ${toLine(message)}${others}\n`);
  }

  return { error: say, warn: say, info: say, debug: say, verbose: say };
}

function toLine(message: string): string {
  return redactSecrets(messageWithin(message)).replaceAll(/\s+/g, ' ').slice(0, longestLine);
}

/**
 * Returns the message of an exception. The SDK reports each exception of an export as JSON of all its properties, stack
 * included; only the message is worth a line.
 */
function messageWithin(text: string): string {
  if (!text.startsWith('{')) return text;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null) return text;
    const { message, code } = parsed as { message?: unknown; code?: unknown };
    const parts = [message, code].filter((part) => typeof part === 'string' && part !== '');
    return parts.length === 0 ? text : `the export failed: ${parts.join(', ')}`;
  } catch {
    return text;
  }
}
