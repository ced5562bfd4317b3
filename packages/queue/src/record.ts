import { randomUUID } from 'node:crypto';
import { type ChatJob, type Delivered, deliveredSchema } from '@sluice/protocol';
import { defineScript, type Keys, type RedisConnection } from '@sluice/redis';
import { z } from 'zod';
import type { JobSeal, Opened } from './job-seal.ts';
import { whileAway } from './while-away.ts';

const here = (file: string): URL => new URL(`../lua/${file}`, import.meta.url);
const claimReply = z.tuple([
  z.enum(['claimed', 'gone', 'outdated', 'taken', 'moved', 'late']),
  z.number().int().nonnegative(),
  z.string(),
]);
// Made once: to make a schema takes some ten times as long as to use it.
const openReply = z.tuple([z.enum(['queued', 'moved', 'ended']), z.string()]);
const advanceReply = z.tuple([z.enum(['queued', 'moved', 'gone']), z.string()]);
const takeBackReply = z.tuple([z.enum(['taken_back', 'claimed', 'unknown']), z.string(), z.string()]);
const serverId = z.string();
const count = z.number();
export const openScript = defineScript(here('open-1.lua'), (reply) => openReply.parse(reply));
export const advanceScript = defineScript(here('advance-1.lua'), (reply) => advanceReply.parse(reply));
export const identifyScript = defineScript(here('identify-1.lua'), (reply) => serverId.parse(reply));
/** True when a worker had claimed the latest run. */
export const withdrawScript = defineScript(here('withdraw-2.lua'), (reply) => count.parse(reply) === 1);
export const takeBackScript = defineScript(here('take-back-1.lua'), (reply) => takeBackReply.parse(reply));
const forgetScript = defineScript(here('forget-2.lua'), (reply) => count.parse(reply) === 1);
const claimScript = defineScript(here('claim-1.lua'), (reply) => claimReply.parse(reply));

/** Returns the shard a request lives on: the same for every process, spread evenly over random ids. */
function shardOf(requestId: string, shards: number): number {
  let hash = 0;
  for (let at = 0; at < requestId.length; at++) hash = (Math.imul(hash, 31) + requestId.charCodeAt(at)) >>> 0;
  return hash % shards;
}

/**
 * Names the keys of a request. Its body lies beside its record, out of reach of the scripts: 64 KB through Lua and back
 * cost Redis 220 µs, SET and GET 11 µs.
 */
export function recordOf(
  { keys, shards }: { readonly keys: Keys; readonly shards: number },
  requestId: string,
): { readonly shard: number; readonly record: string; readonly body: string } {
  const shard = shardOf(requestId, shards);
  return { shard, record: keys.request(shard, requestId), body: keys.body(shard, requestId) };
}

export type Claim =
  | {
      readonly kind: 'claimed';
      readonly body: string;
      /** The part of a broken answer that the client has. */
      readonly delivered: Delivered | undefined;
      readonly remainingMs: number;
    }
  /**
   * Nothing to do: cancelled or settled, superseded by a later epoch, delivered twice, queued on a server that this one
   * has replaced, or past its deadline.
   */
  | { readonly kind: 'gone' | 'outdated' | 'taken' | 'moved' | 'late' }
  /** The run is claimed, but the stored request can't be read. `reason` is for the operator. */
  | { readonly kind: 'unreadable'; readonly reason: string };

export interface ClaimNeeds {
  /** Of the `command` role. */
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly shards: number;
  readonly workerId: string;
  readonly seal: JobSeal;
}

const claimForMs = 10_000;

/**
 * Asks whether this run is still wanted and, in the same step, makes it this caller's alone. Asks again while Redis is
 * away: the job has left the list, so nobody else would.
 * @throws the connection's error when Redis stays away
 */
export async function claim(
  { connection, keys, shards, workerId, seal }: ClaimNeeds,
  job: Pick<ChatJob, 'requestId' | 'epoch' | 'deadlineAt'>,
): Promise<Claim> {
  const places = recordOf({ keys, shards }, job.requestId);
  const claimant = `${workerId} ${randomUUID()}`;
  const [[kind, remainingMs, delivered], body] = await whileAway(claimForMs, () =>
    Promise.all([
      claimScript.run(connection, [places.record], [job.epoch, claimant, job.deadlineAt ?? '']),
      connection.getBuffer(places.body),
    ]),
  );
  if (kind !== 'claimed') return { kind };
  if (body === null) return { kind: 'gone' };
  const opened = seal.openBody(body, job.requestId);
  if (opened.kind === 'unreadable') return { kind: 'unreadable', reason: `body: ${opened.reason}` };
  const before = readDelivered(seal.openDelivered(delivered, job));
  if (before.kind === 'unreadable') return { kind: 'unreadable', reason: `delivered text: ${before.reason}` };
  return { kind, body: opened.text, delivered: before.delivered, remainingMs };
}

type ReadDelivered = { readonly kind: 'read'; readonly delivered: Delivered | undefined };

/** Reads the stored part of an answer that the client has; empty for a first run. */
function readDelivered(opened: Opened): ReadDelivered | Extract<Opened, { kind: 'unreadable' }> {
  if (opened.kind === 'unreadable') return opened;
  if (opened.text === '') return { kind: 'read', delivered: undefined };
  try {
    return { kind: 'read', delivered: deliveredSchema.parse(JSON.parse(opened.text)) };
  } catch {
    return { kind: 'unreadable', reason: 'it is not what an ingress writes; somebody else wrote to Redis' };
  }
}

const forgetForMs = 60_000;
/** Longer than a connection holds a command back before it sends it again. */
const rememberEndMs = 10_000;

/** Removes what is kept of a request after its last run. The worker does it, since its ingress may be gone by then. */
export async function forget(
  { connection, keys, shards }: Omit<ClaimNeeds, 'workerId' | 'seal'>,
  { requestId, epoch }: Pick<ChatJob, 'requestId' | 'epoch'>,
): Promise<void> {
  const { record, body } = recordOf({ keys, shards }, requestId);
  await whileAway(forgetForMs, () => forgetScript.run(connection, [record, body], [epoch, rememberEndMs]));
}
