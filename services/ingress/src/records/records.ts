import { within } from '@sluice/lifecycle';
import type { OutboxWriter } from '@sluice/outbox';
import type { RequestLog } from '@sluice/records';
import { createTroubleLog } from '@sluice/telemetry';
import type { BodyLog } from '../bodies/body-log.ts';
import { type BodyLogOptions, keepBodyLog } from './keep-body-log.ts';
import { keepRequestLogs, type RequestLogsNeeds } from './keep-request-logs.ts';
import { createRecordsStore, type RecordsStore } from './records-store.ts';

/** The two ways of an ingress to the database: logs and bodies through Redis, and pages by its own connections. */
export interface Records {
  readonly requestLogs: OutboxWriter<RequestLog> | undefined;
  /** Undefined if the records hold no bodies. */
  readonly bodies: BodyLog | undefined;
  readonly store: RecordsStore;
  /** Brings the last logs and bodies to Redis, for at most this time (ms), and closes both. */
  close(timeoutMs: number): Promise<void>;
}

export interface RecordsNeeds extends RequestLogsNeeds, BodyLogOptions {
  readonly config: BodyLogOptions['config'];
  readonly keys: RequestLogsNeeds['keys'] & BodyLogOptions['keys'];
}

export function openRecords(needs: RecordsNeeds): Records {
  const { config, logger, now } = needs;
  const requestLogs = keepRequestLogs(needs);
  const bodies = keepBodyLog(needs);
  const store = createRecordsStore({ config, onError: createTroubleLog(logger, 'database trouble', now) });
  return {
    requestLogs,
    bodies,
    store,
    async close(timeoutMs) {
      await Promise.all([requestLogs?.flush(timeoutMs), bodies?.flush(timeoutMs)]);
      requestLogs?.close();
      bodies?.close();
      await within(store.close(), timeoutMs);
    },
  };
}
