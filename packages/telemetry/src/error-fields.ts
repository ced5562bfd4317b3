import { redactSecrets } from './redact.ts';

/** An error in the form of a log line. */
export interface ErrorFields {
  readonly type: string;
  readonly code?: string;
  readonly message: string;
  /** Messages of its causes, the nearest first. */
  readonly causes?: readonly string[];
  readonly stack?: string;
}

const longestMessage = 2000;
const longestStack = 8000;
const mostCauses = 5;

/**
 * Returns the parts of an error worth logging. The stack is included only on request or for a bug: an error without a
 * code, or with `internal_error`. All texts go through `redactSecrets`; other properties, in which clients of Redis and
 * HTTP keep whole requests, are omitted.
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

/** Returns the direct causes: a failed connection to two addresses is an AggregateError with an empty message. */
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
