import { type Admission, createAdmission, type FleetLimits, type KeyLimits } from '@sluice/admission';
import { connect, createKeys, type Keys, type RedisConnection, untilReady } from '@sluice/redis';
import { afterEach } from 'vitest';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

export async function open(redisUrl: string): Promise<RedisConnection> {
  const connection = connect({ settings: { kind: 'single', url: redisUrl }, role: 'command', name: 'test', onError });
  closers.push(() => connection.disconnect());
  await untilReady(connection, 5000);
  return connection;
}

export function onError(error: unknown): never {
  throw error;
}

const unlimited: KeyLimits = {};
export const roomy: FleetLimits = { maxConcurrentRequests: 1000, queueSize: 10, leaseMs: 30_000 };

/** Admission of one ingress, and the messages that it received. */
export interface SetUp {
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly admission: Admission;
  readonly lost: string[];
  /** Ids that the mailbox reports as admitted, in order. */
  woken(): Promise<string[]>;
  /** Ids that the mailbox reports as displaced from the waiting room, in order. */
  displaced(): Promise<string[]>;
}

export async function setUp(
  { redisUrl, keyPrefix }: { redisUrl: string; keyPrefix: string },
  fleet: Partial<FleetLimits> = {},
  ingressId = 'i-1',
): Promise<SetUp> {
  const connection = await open(redisUrl);
  const keys = createKeys(keyPrefix);
  const lost: string[] = [];
  const admission = createAdmission({
    connection,
    keys,
    ingressId,
    fleet: { ...roomy, ...fleet },
    onError,
    onLeaseLost: (requestId) => lost.push(requestId),
    random: () => 0.5,
  });
  closers.push(() => admission.close(1000));
  await connection.xadd(keys.admissionMailbox(ingressId), '*', 'f', '');
  const told = async (what: string): Promise<string[]> => {
    const entries = await connection.xrange(keys.admissionMailbox(ingressId), '-', '+');
    const pattern = new RegExp(`^(\\S+) 0 0 ${what} 0\n$`);
    return entries.flatMap(([, [, batch]]) => pattern.exec(batch ?? '')?.[1] ?? []);
  };
  return { connection, keys, admission, lost, woken: () => told('admitted'), displaced: () => told('displaced') };
}

export const ask = (requestId: string, limits: KeyLimits = unlimited, tokens = 0) => ({
  requestId,
  keyId: 'k',
  limits,
  tokens,
});
export const nothing = { requests: 0, tokens: 0 };

/** Lets time pass for everything that admission has stored: Redis's clock is its only clock. */
export async function advance({ connection, keys }: Pick<SetUp, 'connection' | 'keys'>, ms: number): Promise<void> {
  const keyLeases = ['k', 'k0', 'k1', 'k2', 'k3', 'k4', 'team:t'].map(keys.keyLeases);
  for (const key of [keys.leases, keys.vouched, ...keyLeases]) {
    const members = await connection.zrange(key, '0', '-1', 'WITHSCORES');
    for (let at = 0; at + 1 < members.length; at += 2) {
      await connection.zadd(key, String(Number(members[at + 1]) - ms), String(members[at]));
    }
  }
  for (const key of [keys.requestRate('k'), keys.tokenRate('k')]) {
    const arrival = await connection.get(key);
    if (arrival !== null) await connection.set(key, String(Number(arrival) - ms), 'KEEPTTL');
  }
}
