import {
  answeredSchema,
  disclaimsSchema,
  endSchema,
  failedSchema,
  type Frame,
  fromWireError,
  type Holds,
  holdsSchema,
  retrySchema,
  startedSchema,
} from '@sluice/protocol';
import { z } from 'zod';
import type { ExchangeEvent } from './exchange-events.ts';

/** The reports of every request, compiled: a quarter of the time, and 3 kB less a request. */
const [started, answered, end] = [z.compile(startedSchema), z.compile(answeredSchema), z.compile(endSchema)];

/** A worker's report on a run, other than the text of the answer. */
export type WorkerReport = Extract<ExchangeEvent, { kind: 'started' | 'answered' | 'end' | 'error' | 'retry' }>;

/**
 * Reads a worker's report. Undefined for `data`, which has text, and for kinds that workers do not send.
 * @throws SyntaxError or ZodError if the payload does not match its kind
 */
export function readReport({ kind, data }: Frame): WorkerReport | undefined {
  switch (kind) {
    case 'started':
      return { kind, workerId: started.parse(JSON.parse(data)).workerId };
    case 'answered':
      return { kind, answered: answered.parse(JSON.parse(data)) };
    case 'end':
      return { kind, end: end.parse(JSON.parse(data)) };
    case 'error': {
      const failed = failedSchema.parse(JSON.parse(data));
      return { kind, error: fromWireError(failed.error), facts: failed };
    }
    case 'retry': {
      const { delayMs, state, error } = retrySchema.parse(JSON.parse(data));
      return { kind, delayMs, state, error: fromWireError(error) };
    }
    default:
      return undefined;
  }
}

/** A worker's answer to a probe: the worker has the run, or disclaims it. */
export type ClaimReport =
  | ({ readonly kind: 'holds' } & Holds)
  | { readonly kind: 'disclaims'; readonly workerId: string };

/** @throws SyntaxError or ZodError if the payload does not match its kind */
export function readClaimReport({ kind, data }: Frame): ClaimReport {
  const payload: unknown = JSON.parse(data);
  if (kind === 'holds') return { kind, ...holdsSchema.parse(payload) };
  return { kind: 'disclaims', ...disclaimsSchema.parse(payload) };
}
