import { createSpends, type Spends } from '@sluice/admission';
import type { IngressConfig } from '@sluice/config';
import { createKeyRegistry, type KeyRegistry } from '@sluice/key-registry';
import { GatewayError } from '@sluice/protocol';
import type { Keys, RedisConnection } from '@sluice/redis';
import type { Logger } from '@sluice/telemetry';
import type { RecordsStore } from '../records/records-store.ts';
import { createKnownKeys, type KeyMemory } from './known-keys.ts';
import { createOidcIdentities, type OidcIdentities } from '../oidc/oidc-identities.ts';
import { createComparison } from './comparison.ts';
import { createFirstAdmin } from './first-admin.ts';
import type { ShowAdminKey } from './show-admin-key.ts';

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
  /**
   * Resolves when this process has compared its keys with those of the database for the first time, when it finds the
   * database away, or after some seconds. Undefined if there is nothing to wait for.
   */
  untilCompared(): Promise<void> | undefined;
  /** Reads the keys that Redis has, and waits some seconds for those of the database. */
  start(): Promise<void>;
  close(): void;
}

export interface KeyServiceNeeds {
  readonly config: Pick<IngressConfig, 'keys' | 'teams' | 'auth' | 'database' | 'proxies'>;
  readonly connection: RedisConnection;
  /** Opens a connection of the `blocking` role, on which changes of keys arrive. */
  readonly connectBlocking: () => RedisConnection;
  /** Names of keys in Redis. */
  readonly names: Keys;
  readonly records: RecordsStore;
  /** Called with the id of a revoked key whose running streams must end. */
  readonly onStreamsEnd: (keyId: string) => void;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  readonly onError: (error: unknown) => void;
  readonly onIssuerTrouble: (error: unknown) => void;
  readonly showAdminKey: ShowAdminKey;
}

export function createKeyService(needs: KeyServiceNeeds): KeyService {
  const { config, connection, names, records, onStreamsEnd, onError } = needs;
  const known = createKnownKeys(config);
  const tokens = createOidcIdentities({
    issuers: config.auth.oidc,
    proxies: config.proxies,
    findTeam: known.findTeam,
    onError: needs.onIssuerTrouble,
    now: () => performance.now(),
  });
  const makeFirstAdmin = createFirstAdmin(needs);

  const registry: KeyRegistry | undefined =
    config.database === undefined
      ? undefined
      : createKeyRegistry({
          connection,
          connectBlocking: needs.connectBlocking,
          keys: names,
          onChange(changes, isWhole) {
            // The identities of tokens have the settings that their team had.
            tokens.forget();
            for (const keyId of known.apply(changes, isWhole)) onStreamsEnd(keyId);
          },
          onMissing: () => void (comparison.hasSucceeded() && comparison.run()),
          onError,
        });

  const publishAll = async (): Promise<void> => {
    await registry?.publish((since) => records.use((db, store) => store.readKeyChanges(db, since)));
  };

  const comparison = createComparison({
    async compare() {
      await makeFirstAdmin();
      await publishAll();
      known.forgetRevoked(Date.now());
    },
    onError(error) {
      // The absence of Redis and of the database is reported by what watches them.
      if (!(error instanceof GatewayError) && comparison.hasSucceeded()) onError(error);
    },
  });

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
    untilCompared: () => (registry === undefined ? undefined : comparison.untilSuccess()),
    async start() {
      tokens.start();
      if (registry === undefined) return;
      await registry.start();
      void comparison.run();
      await comparison.untilSuccess();
    },
    close() {
      tokens.close();
      comparison.close();
      registry?.close();
    },
  };
}
