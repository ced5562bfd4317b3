import type { Store } from '@sluice/store';
import type { TokenCounts } from '@sluice/records';
import { z } from 'zod';

/** A call on the simulator's bill. */
export interface BilledCall {
  readonly rid: string;
  /** Id of the upstream. */
  readonly upstream: string;
  readonly model: string;
  readonly at: number;
  readonly tokens: TokenCounts;
  /** The provider told the usage of the whole call. */
  readonly isTold: boolean;
}

/** A call in the ledger. */
export interface LedgerCall {
  readonly id: string;
  readonly requestId: string;
  readonly upstream: string;
  readonly outcome: string;
  readonly startedAt: number;
  readonly tokens: TokenCounts;
  readonly costMicros: number;
  readonly isEstimated: boolean;
}

/** A request in the ledger. */
export interface LedgerRequest {
  readonly id: string;
  readonly rid: string;
  readonly costMicros: number;
  readonly isEstimated: boolean;
  readonly settledBy: string;
  readonly outcome: string;
}

const count = z.number().int().nonnegative();
const statementSchema = z.object({
  rows: z.array(
    z.object({
      at: z.number(),
      model: z.string(),
      credential: z.string(),
      rid: z.string(),
      isTold: z.boolean(),
      tokens: z.object({ fresh: count, cacheRead: count, cacheWrite: count, output: count, reasoning: count }),
    }),
  ),
});

/** Reads the simulator's bill. */
export async function readBill(
  simulatorUrl: string,
  upstreamOfCredential: ReadonlyMap<string, string>,
): Promise<readonly BilledCall[]> {
  const response = await fetch(`${simulatorUrl}/_sim/bill`, { headers: { connection: 'close' } });
  const { rows } = statementSchema.parse(await response.json());
  return rows.map(({ credential, ...row }) => ({
    ...row,
    upstream: upstreamOfCredential.get(credential) ?? credential,
  }));
}

export interface Ledger {
  readonly requests: readonly LedgerRequest[];
  readonly calls: readonly LedgerCall[];
  /** Entries that the recorder could not read. */
  readonly skipped: number;
}

/** Reads the tables of the ledger. */
export async function readLedger({ db }: Store): Promise<Ledger> {
  const requests = await db.selectFrom('ledger_requests').selectAll().execute();
  const attempts = await db.selectFrom('ledger_attempts').selectAll().execute();
  const skipped = await db.selectFrom('skipped_entries').select('id').execute();
  return {
    requests: requests.map((row) => ({
      id: row.id,
      rid: row.session_id ?? '',
      costMicros: row.cost_micros,
      isEstimated: row.estimated,
      settledBy: row.settled_by,
      outcome: row.outcome,
    })),
    calls: attempts.map((row) => ({
      id: row.id,
      requestId: row.request_id,
      upstream: row.upstream,
      outcome: row.outcome,
      startedAt: row.started_at.getTime(),
      tokens: {
        fresh: row.fresh_tokens,
        cacheRead: row.cache_read_tokens,
        cacheWrite: row.cache_write_tokens,
        output: row.output_tokens,
        reasoning: row.reasoning_tokens,
      },
      costMicros: row.cost_micros,
      isEstimated: row.estimated,
    })),
    skipped: skipped.length,
  };
}
