import type { IngressConfig } from '@sluice/config';
import { GatewayError } from '@sluice/protocol';
import type { Logger } from '@sluice/telemetry';
import type { RecordsStore } from '../records/records-store.ts';
import { blankKey } from './blank-key.ts';
import { newKeyId, newSecret } from './new-secret.ts';
import type { ShowAdminKey } from './show-admin-key.ts';

export interface FirstAdminNeeds {
  readonly config: Pick<IngressConfig, 'keys'>;
  readonly records: RecordsStore;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  readonly showAdminKey: ShowAdminKey;
}

/**
 * Returns what makes the first admin key if there is none anywhere. Of several replicas that start at once, one makes it. It is
 * shown before it is made: if the process dies in between, the shown key is not valid, and the next start makes another. A key
 * that can't be shown does not fail the call, because the other keys must be served; the next call tries again.
 */
export function createFirstAdmin(needs: FirstAdminNeeds): () => Promise<void> {
  const { config, logger } = needs;
  let isThere = config.keys.some(({ admin }) => admin);
  return async () => {
    if (isThere) return;
    try {
      await make(needs);
      isThere = true;
    } catch (error) {
      if (error instanceof GatewayError) throw error;
      logger.warn({ err: error }, 'the first admin key could not be shown, so it was not made');
    }
  };
}

async function make({ records, logger, showAdminKey }: FirstAdminNeeds): Promise<void> {
  const secret = newSecret();
  const first = { ...blankKey, id: newKeyId(), name: 'admin', secret: secret.kept };
  const made = await records.use((db, store) =>
    store.createFirstAdminKey(db, first, { beforeCommit: () => showAdminKey(secret.text) }),
  );
  if (made === undefined) return;
  logger.info({ key_id: made.key.id, key: secret.kept.hint }, 'first admin key made; it is shown once');
}
