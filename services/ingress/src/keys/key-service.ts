import { createSpends, type Spends } from '@sluice/admission';
import type { IngressConfig } from '@sluice/config';
import { createKeyRegistry, type KeyRegistry } from '@sluice/key-registry';
import { within } from '@sluice/lifecycle';
import { GatewayError } from '@sluice/protocol';
import type { Keys, RedisConnection } from '@sluice/redis';
import type { Logger } from '@sluice/telemetry';
import type { RecordsStore } from '../records/records-store.ts';
import { createKnownKeys, type KeyMemory } from './known-keys.ts';
import { createOidcIdentities, type OidcIdentities } from '../oidc/oidc-identities.ts';
import { newKeyId, newSecret } from './new-secret.ts';

/** The client keys of an ingress: file, database, and what brings changes to every replica. */
export interface KeyService {
  readonly known: KeyMemory;
  readonly tokens: OidcIdentities;
  readonly records: RecordsStore;
  /** False: the only keys are those of the file. */
  readonly hasDatabase: boolean;
  readonly spends: Spends;
  /**
   * Brings changes of the database to every replica. If Redis is away, the change is kept in the database and published later.
   * @returns false if it is published later
   */
  publish(): Promise<boolean>;
  /** Reads the keys that Redis has. The database is asked in the background. */
  start(): Promise<void>;
  close(): void;
}

export interface KeyServiceNeeds {
  readonly config: Pick<IngressConfig, 'keys' | 'teams' | 'auth' | 'database'>;
  readonly connection: RedisConnection;
  /** Names of keys in Redis. */
  readonly names: Keys;
  readonly records: RecordsStore;
  /** Called with the id of a revoked key whose running streams must end. */
  readonly onStreamsEnd: (keyId: string) => void;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  readonly onError: (error: unknown) => void;
  readonly onIssuerTrouble: (error: unknown) => void;
  /** Shows the first admin key; default: on the error output, so that no log in JSON has it. */
  readonly showOnce?: (text: string) => void;
}

/** Time between two comparisons of the database with Redis. Each costs a command and a statement. */
const syncEveryMs = 10_000;
/** The same until the first one succeeds. */
const firstSyncEveryMs = 1000;
/** A start waits this long for the database. */
const startWaitMs = 2000;

export function createKeyService(needs: KeyServiceNeeds): KeyService {
  const { config, connection, names, records, onStreamsEnd, onError } = needs;
  const known = createKnownKeys(config);
  const tokens = createOidcIdentities({
    issuers: config.auth.oidc,
    findTeam: known.findTeam,
    onError: needs.onIssuerTrouble,
    now: () => performance.now(),
  });
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  let isSynced = false;

  const registry: KeyRegistry | undefined =
    config.database === undefined
      ? undefined
      : createKeyRegistry({
          connection,
          keys: names,
          onChange(changes, isWhole) {
            // The identities of tokens have the settings that their team had.
            tokens.forget();
            for (const keyId of known.apply(changes, isWhole)) onStreamsEnd(keyId);
          },
          onMissing: () => void (isSynced && sync()),
          onError,
        });

  const publishAll = async (): Promise<void> => {
    await registry?.publish((since) => records.use((db, store) => store.readKeyChanges(db, since)));
  };

  async function syncOnce(): Promise<void> {
    try {
      if (!isSynced) await makeFirstAdmin(needs);
      await publishAll();
      isSynced = true;
    } catch (error) {
      // The absence of Redis and of the database is reported by what watches them.
      if (!(error instanceof GatewayError) && isSynced) onError(error);
    }
  }

  let syncing: Promise<void> | undefined;
  /** Compares once at a time, and again after a while. */
  function sync(): Promise<void> {
    clearTimeout(timer);
    return (syncing ??= syncOnce().finally(() => {
      syncing = undefined;
      if (!isClosed) timer = setTimeout(() => void sync(), isSynced ? syncEveryMs : firstSyncEveryMs);
    }));
  }

  return {
    known,
    tokens,
    records,
    hasDatabase: registry !== undefined,
    spends: createSpends({ connection, keys: names }),
    async publish() {
      try {
        await publishAll();
        return true;
      } catch (error) {
        onError(error);
        return false;
      }
    },
    async start() {
      tokens.start();
      if (registry === undefined) return;
      await registry.start();
      await within(sync(), startWaitMs);
    },
    close() {
      isClosed = true;
      tokens.close();
      clearTimeout(timer);
      registry?.close();
    },
  };
}

/** Makes the first admin key if there is none anywhere. Of several replicas that start at once, one makes it. */
async function makeFirstAdmin({
  config,
  records,
  logger,
  showOnce = showOnErrorOutput,
}: Pick<KeyServiceNeeds, 'config' | 'records' | 'logger' | 'showOnce'>): Promise<void> {
  if (config.keys.some(({ admin }) => admin)) return;
  const secret = newSecret();
  const made = await records.use((db, store) =>
    store.createFirstAdminKey(db, { ...blankKey, id: newKeyId(), name: 'admin', secret: secret.kept }),
  );
  if (made === undefined) return;
  logger.info({ key_id: made.key.id, key: secret.kept.hint }, 'first admin key made; it is shown once');
  showOnce(secret.text);
}

/** A key without limits. */
export const blankKey = {
  admin: false,
  models: ['*'],
  limits: {},
  budgets: {},
  weight: 1,
  tags: [],
  allowedAddresses: [],
  mayLogBodies: false,
};

function showOnErrorOutput(text: string): void {
  process.stderr.write(
    `\nAdmin key (shown this once, only its hash is kept; replace it with \`npm run keys -- rotate\`):\n\n  ${text}\n\n`,
  );
}
