import type { IngressConfig } from '@sluice/config';
import { within } from '@sluice/lifecycle';
import type { OutboxWriter } from '@sluice/outbox';
import type { RequestLog } from '@sluice/records';
import { createTroubleLog } from '@sluice/telemetry';
import { keepRequestLogs, type RequestLogsNeeds } from './keep-request-logs.ts';
import { createRecordsStore, type RecordsStore } from './records-store.ts';

/** The two ways of an ingress to the database: logs through Redis, and pages by its own connections. */
export interface Records {
  readonly requestLogs: OutboxWriter<RequestLog> | undefined;
  readonly store: RecordsStore;
  /** Brings the last logs to Redis, for at most this time (ms), and closes both. */
  close(timeoutMs: number): Promise<void>;
}

export interface RecordsNeeds extends RequestLogsNeeds {
  readonly config: Pick<IngressConfig, 'database'>;
}

export function openRecords(needs: RecordsNeeds): Records {
  const { config, logger, now } = needs;
  const requestLogs = keepRequestLogs(needs);
  const store = createRecordsStore({ config, onError: createTroubleLog(logger, 'database trouble', now) });
  return {
    requestLogs,
    store,
    async close(timeoutMs) {
      await requestLogs?.flush(timeoutMs);
      requestLogs?.close();
      await within(store.close(), timeoutMs);
    },
  };
}
