import { redactSecrets } from './redact.ts';

/** An error as it stands in a log line. */
export interface ErrorFields {
  readonly type: string;
  readonly code?: string;
  readonly message: string;
  /** Messages of what caused it, the nearest first. */
  readonly causes?: readonly string[];
  readonly stack?: string;
}

const longestMessage = 2000;
const longestStack = 8000;
const mostCauses = 5;

/**
 * Parts of an error worth logging; the stack only if asked for or if the error is our own fault: one without a code,
 * or with `internal_error`. Every text goes through `redactSecrets`; other properties, where clients of Redis and HTTP
 * keep whole requests, are left out.
 */
export function errorFields(error: unknown, options: { readonly withStack: boolean }): ErrorFields {
  if (!(error instanceof Error)) return { type: typeof error, message: cleaned(String(error), longestMessage) };
  const code = codeOf(error);
  const causes = causesOf(error);
  const isOurFault = code === undefined || code === 'internal_error';
  return {
    type: error.name,
    ...(code === undefined ? {} : { code }),
    message: cleaned(error.message, longestMessage),
    ...(causes.length === 0 ? {} : { causes }),
    ...((options.withStack || isOurFault) && error.stack !== undefined
      ? { stack: cleaned(error.stack, longestStack) }
      : {}),
  };
}

function causesOf(error: Error): string[] {
  const causes: string[] = [];
  const seen = new Set<unknown>([error]);
  const next = directCauses(error);
  for (let cause = next.shift(); cause !== undefined && causes.length < mostCauses; cause = next.shift()) {
    if (seen.has(cause)) continue;
    seen.add(cause);
    causes.push(describe(cause));
    if (cause instanceof Error) next.push(...directCauses(cause));
  }
  return causes;
}

/** A failed connection to a name with two addresses is an AggregateError: its own message is empty. */
function directCauses(error: Error): unknown[] {
  const several: readonly unknown[] = error instanceof AggregateError ? error.errors : [];
  return [...several, error.cause].filter((cause) => cause !== undefined && cause !== null);
}

function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return cleaned(String(cause), longestMessage);
  const code = codeOf(cause);
  const label = code === undefined || cause.message.includes(code) ? cause.name : code;
  return cleaned(cause.message === '' ? label : `${label}: ${cause.message}`, longestMessage);
}

function codeOf(error: Error): string | undefined {
  const code: unknown = 'code' in error ? error.code : undefined;
  return typeof code === 'string' || typeof code === 'number' ? String(code) : undefined;
}

function cleaned(text: string, longest: number): string {
  return redactSecrets(text).slice(0, longest);
}
