import { z } from 'zod';
import { fit } from '../fit.ts';

/*
 * Reports of processes about themselves and about the upstreams, for people. Versions differ during a rollout: readers
 * ignore fields that they do not know, and reports that they can't read.
 */

const replicaSchema = z.object({
  id: z.string(),
  service: z.enum(['ingress', 'worker']),
  version: z.string(),
  /** Milliseconds since 1970, by the clock of the process. */
  startedAt: z.number().int().nonnegative(),
});
/** A running process. */
export type Replica = z.infer<typeof replicaSchema>;

export const writeReplica = ({ id, service, version, startedAt }: Replica): string =>
  JSON.stringify({ id, service, version, startedAt } satisfies Replica);
export const readReplica = (text: string): Replica | undefined => readBy(replicaSchema, text);

const upstreamReportSchema = z.object({
  id: z.string(),
  /** Numbers of credentials. */
  ready: z.number().int().nonnegative(),
  cooling: z.number().int().nonnegative(),
  cooldowns: z.array(
    z.object({
      credential: z.string(),
      /** Absent for all models of the upstream. */
      model: z.string().optional(),
      /** Milliseconds since 1970, by the clock of the reporting worker. */
      endsAt: z.number(),
      isRefused: z.boolean(),
      reason: z.string(),
    }),
  ),
  openCircuits: z.array(z.object({ model: z.string(), failures: z.number().int().nonnegative(), cause: z.string() })),
});
/** The state of an upstream for all workers. */
export type UpstreamReport = z.infer<typeof upstreamReportSchema>;

const upstreamReportsSchema = z.array(upstreamReportSchema);

export const writeUpstreamReports = (reports: readonly UpstreamReport[]): string => JSON.stringify(reports);
export const readUpstreamReports = (text: string): readonly UpstreamReport[] | undefined =>
  readBy(upstreamReportsSchema, text);

function readBy<Value>(schema: z.ZodType<Value>, text: string): Value | undefined {
  try {
    return fit(schema, JSON.parse(text));
  } catch {
    return undefined;
  }
}
