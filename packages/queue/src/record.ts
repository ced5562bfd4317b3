import { randomUUID } from 'node:crypto';
import { type ChatJob, type Delivered, deliveredSchema } from '@sluice/protocol';
import { createTurnBatches, defineScript, type Keys, type RedisConnection } from '@sluice/redis';
import { z } from 'zod';
import type { JobSeal, Opened } from './job-seal.ts';
import { whileAway } from './while-away.ts';

const here = (file: string): URL => new URL(`../lua/${file}`, import.meta.url);
const claimReply = z.array(
  z.tuple([
    z.enum(['claimed', 'gone', 'outdated', 'taken', 'moved', 'late']),
    z.number().int().nonnegative(),
    z.string(),
  ]),
);
// Created once: creating a schema takes some ten times as long as using it.
const openReply = z.tuple([z.enum(['queued', 'moved', 'ended']), z.string()]);
const advanceReply = z.tuple([z.enum(['queued', 'moved', 'gone']), z.string()]);
const takeBackReply = z.tuple([z.enum(['taken_back', 'claimed', 'unknown']), z.string(), z.string()]);
const serverId = z.string();
const count = z.number();
const counts = z.array(count);
export const openScript = defineScript(here('open-1.lua'), (reply) => openReply.parse(reply));
export const advanceScript = defineScript(here('advance-1.lua'), (reply) => advanceReply.parse(reply));
export const identifyScript = defineScript(here('identify-1.lua'), (reply) => serverId.parse(reply));
/** Returns true if a worker had claimed the latest run. */
export const withdrawScript = defineScript(here('withdraw-2.lua'), (reply) => count.parse(reply) === 1);
export const takeBackScript = defineScript(here('take-back-1.lua'), (reply) => takeBackReply.parse(reply));
const forgetScript = defineScript(here('forget-2n.lua'), (reply) => counts.parse(reply));
const claimScript = defineScript(here('claim-1n.lua'), (reply) => claimReply.parse(reply));

/** Returns the shard of a request: the same in every process; random ids spread evenly. */
function shardOf(requestId: string, shards: number): number {
  let hash = 0;
  for (let at = 0; at < requestId.length; at++) hash = (Math.imul(hash, 31) + requestId.charCodeAt(at)) >>> 0;
  return hash % shards;
}

/**
 * Returns the key names of a request. Its body lies beside its record, outside the scripts: 64 KB through Lua and back
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
   * Not claimed: cancelled or settled, superseded by a later epoch, delivered twice, queued on a server that this one
   * has replaced, or past its deadline.
   */
  | { readonly kind: 'gone' | 'outdated' | 'taken' | 'moved' | 'late' }
  /** The run is claimed, but the stored request is unreadable. `reason` is for the operator. */
  | { readonly kind: 'unreadable'; readonly reason: string };

export interface ClaimNeeds {
  /** Connection of the `command` role. */
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly shards: number;
  readonly workerId: string;
  readonly seal: JobSeal;
}

const claimForMs = 10_000;

/**
 * Claims this run for the caller alone, in one step, if it is still wanted. Retries while Redis is away: the job has
 * left the list, and no other worker would take it.
 * @throws the connection's error when Redis stays away
 */
export type ClaimRun = (job: Pick<ChatJob, 'requestId' | 'epoch' | 'deadlineAt'>) => Promise<Claim>;

interface Asked {
  readonly record: string;
  readonly body: string;
  readonly args: readonly (string | number)[];
}

/** Creates the function that claims runs: those of a shard from one turn of the event loop, in one call. */
export function createClaim({ connection, keys, shards, workerId, seal }: ClaimNeeds): ClaimRun {
  const batches = createTurnBatches({
    async send(_shard: number, asked: readonly Asked[]) {
      const [replies, ...bodies] = await Promise.all([
        claimScript.run(
          connection,
          asked.map(({ record }) => record),
          asked.flatMap(({ args }) => args),
        ),
        ...asked.map(({ body }) => connection.getBuffer(body)),
      ]);
      return replies.map((reply, at) => ({ reply, body: bodies[at] }));
    },
    isRepeatable: true,
  });

  return async (job) => {
    const { shard, record, body: bodyKey } = recordOf({ keys, shards }, job.requestId);
    const args = [job.epoch, `${workerId} ${randomUUID()}`, job.deadlineAt ?? ''];
    const { reply, body } = await whileAway(claimForMs, () => batches.add(shard, { record, body: bodyKey, args }));
    const [kind, remainingMs, delivered] = reply;
    if (kind !== 'claimed') return { kind };
    if (body === null || body === undefined) return { kind: 'gone' };
    const opened = seal.openBody(body, job.requestId);
    if (opened.kind === 'unreadable') return { kind: 'unreadable', reason: `body: ${opened.reason}` };
    const before = readDelivered(seal.openDelivered(delivered, job));
    if (before.kind === 'unreadable') return { kind: 'unreadable', reason: `delivered text: ${before.reason}` };
    return { kind, body: opened.text, delivered: before.delivered, remainingMs };
  };
}

type ReadDelivered = { readonly kind: 'read'; readonly delivered: Delivered | undefined };

/** Reads the stored part of an answer that the client has; empty for a first run. */
function readDelivered(opened: Opened): ReadDelivered | Extract<Opened, { kind: 'unreadable' }> {
  if (opened.kind === 'unreadable') return opened;
  if (opened.text === '') return { kind: 'read', delivered: undefined };
  try {
    return { kind: 'read', delivered: deliveredSchema.parse(JSON.parse(opened.text)) };
  } catch {
    return { kind: 'unreadable', reason: 'it is not in the format of an ingress; another process wrote to Redis' };
  }
}

const forgetForMs = 60_000;
/** Longer than a connection holds a command back before it sends the command again, in ms. */
const rememberEndMs = 10_000;

/** Removes the stored data of a request after its last run. */
export type Forget = (job: Pick<ChatJob, 'requestId' | 'epoch'>) => Promise<void>;

interface Ended {
  readonly record: string;
  readonly body: string;
  readonly epoch: number;
}

/**
 * Creates the function that removes requests: those of a shard that end in one turn of the event loop, in one call. The
 * worker removes them, since the ingress may be gone by then.
 */
export function createForget({ connection, keys, shards }: Omit<ClaimNeeds, 'workerId' | 'seal'>): Forget {
  const batches = createTurnBatches({
    send: (_shard: number, ended: readonly Ended[]) =>
      forgetScript.run(
        connection,
        ended.flatMap(({ record, body }) => [record, body]),
        [rememberEndMs, ...ended.map(({ epoch }) => epoch)],
      ),
    isRepeatable: true,
  });
  return async ({ requestId, epoch }) => {
    const { shard, record, body } = recordOf({ keys, shards }, requestId);
    await whileAway(forgetForMs, () => batches.add(shard, { record, body, epoch }));
  };
}
