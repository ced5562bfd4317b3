import { randomUUID } from 'node:crypto';
import type { Config } from '@sluice/config';
import { connect, createKeys, innermost, type Keys, type RedisConnection, untilReady } from '@sluice/redis';
import { commandsOf } from './commands.ts';

/** The state of Redis, as far as this user may see it. */
export type RedisFacts = RedisAway | RedisThere;

export interface RedisAway {
  readonly kind: 'away';
  /** Messages of the connection's errors, the latest last. */
  readonly reasons: readonly string[];
}

export interface RedisThere {
  readonly kind: 'there';
  /** Fields of INFO by name; empty if the command is not permitted. */
  readonly info: ReadonlyMap<string, string>;
  /** `save` of its configuration; undefined if the command is not permitted. */
  readonly savePoints: string | undefined;
  /** Milliseconds by which this machine's clock is ahead of that of Redis; undefined if it can't be read. */
  readonly aheadMs: number | undefined;
  /** The error with which Redis refuses a write; undefined if it takes one. */
  readonly writeError: string | undefined;
  /** Commands and keys that this user may not use, for each service that needs them. */
  readonly forbidden: Readonly<Record<ServiceName, Forbidden>>;
}

export type ServiceName = 'ingress' | 'worker';

export interface Forbidden {
  readonly commands: readonly string[];
  /** Prefixes of key names. */
  readonly keys: readonly string[];
}

const answerMs = 5000;

/** Examines Redis through a connection like those of the services. Deletes everything that it writes. */
export async function askRedis(settings: Config['redis']): Promise<RedisFacts> {
  const reasons: string[] = [];
  const onError = (error: Error): void => void reasons.push(messageOf(error));
  let connection: RedisConnection | undefined;
  try {
    connection = connect({ settings, role: 'command', name: 'sluice-doctor', onError });
    await untilReady(connection, answerMs);
    return await ask(connection, settings.keyPrefix);
  } catch (error) {
    return { kind: 'away', reasons: [...reasons, messageOf(error)] };
  } finally {
    connection?.disconnect();
  }
}

async function ask(connection: RedisConnection, keyPrefix: string): Promise<RedisThere> {
  const info = new Map<string, string>();
  for (const section of ['server', 'memory', 'persistence', 'replication', 'cluster']) {
    for (const [name, value] of parseInfo(await connection.info(section).catch(() => ''))) info.set(name, value);
  }
  const clock = { savePoints: await readSavePoints(connection), aheadMs: await readClock(connection) };
  // A connection leaves a server that refuses a write, and retries until its time limit.
  if (isReadOnly(info)) return { kind: 'there', info, ...clock, writeError: readOnly, forbidden: nothingForbidden };
  const keys = createKeys(keyPrefix);
  // The key has the hash tag of a queue, where both services may write.
  const key = `${keys.queuePrefix(0)}:doctor:${randomUUID()}`;
  const writeError = await attempt(() => connection.set(key, '1', 'PX', 10_000));
  const forbiddenTo = async (service: ServiceName): Promise<Forbidden> => ({
    commands: await findForbiddenCommands(connection, commandsOf[service], key),
    keys: await findForbiddenKeys(connection, keysOf(service, keys)),
  });
  const forbidden = { ingress: await forbiddenTo('ingress'), worker: await forbiddenTo('worker') };
  return { kind: 'there', info, ...clock, writeError, forbidden };
}

const isReadOnly = (info: ReadonlyMap<string, string>): boolean =>
  info.get('role') === 'slave' && info.get('slave_read_only') === '1';

const readOnly = "READONLY You can't write against a read only replica.";
const nothing: Forbidden = { commands: [], keys: [] };
const nothingForbidden = { ingress: nothing, worker: nothing };

/** Returns one key of each group that the service uses. */
function keysOf(service: ServiceName, keys: Keys): string[] {
  const shared = [`${keys.queuePrefix(0)}:doctor`, keys.mailbox('doctor'), keys.alive('doctor'), keys.workers];
  return [...shared, service === 'ingress' ? `${keys.leases}:doctor` : keys.cooldowns('doctor')];
}

export function parseInfo(text: string): [string, string][] {
  return Array.from(text.matchAll(/^([a-z_0-9]+):(.*?)\r?$/gm), ([, name = '', value = '']) => [name, value]);
}

/** Managed services often forbid CONFIG. */
async function readSavePoints(connection: RedisConnection): Promise<string | undefined> {
  const reply: unknown = await connection.config('GET', 'save').catch(() => undefined);
  return Array.isArray(reply) && typeof reply[1] === 'string' ? reply[1] : undefined;
}

async function readClock(connection: RedisConnection): Promise<number | undefined> {
  const sentAt = Date.now();
  const reply: unknown = await connection.time().catch(() => undefined);
  const halfway = (sentAt + Date.now()) / 2;
  if (!Array.isArray(reply)) return undefined;
  const [seconds, microseconds] = reply.map(Number);
  return halfway - (Number(seconds) * 1000 + Number(microseconds) / 1000);
}

/** Redis checks the user's rights before the type of the key, which is wrong for most of these commands. */
async function findForbiddenCommands(
  connection: RedisConnection,
  commands: (typeof commandsOf)[ServiceName],
  key: string,
): Promise<string[]> {
  const forbidden: string[] = [];
  for (const [name, ...args] of commands) {
    const message = await attempt(() => connection.call(name, ...args.map((arg) => (arg === 'KEY' ? key : arg))));
    if (/NOPERM.*\bcommand\b/.test(message ?? '')) forbidden.push(name);
  }
  return [...new Set(forbidden)];
}

async function findForbiddenKeys(connection: RedisConnection, keys: readonly string[]): Promise<string[]> {
  const forbidden: string[] = [];
  for (const key of keys) {
    const message = await attempt(() => connection.get(key));
    if (/NOPERM.*\bkeys?\b/.test(message ?? '')) forbidden.push(key.replace(/:doctor$|\{doctor\}$|:cooldowns$/, ''));
  }
  return forbidden;
}

/** @returns the error message; undefined on success */
async function attempt(run: () => Promise<unknown>): Promise<string | undefined> {
  return await run().then(
    () => undefined,
    (error: unknown) => messageOf(error),
  );
}

/** Returns an error's message. A name with several addresses fails with an AggregateError: a code without a message. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const ofNode = innermost(error);
  if (ofNode !== error) return messageOf(ofNode);
  // The connection explains some errors for the log; the doctor has its own explanations.
  if (error.cause instanceof Error) return messageOf(error.cause);
  const code = 'code' in error ? String(error.code) : '';
  return [code, error.message].filter((part) => part !== '' && part !== 'undefined').join(' ') || error.name;
}
