import { createHash } from 'node:crypto';

/**
 * Every key of Sluice. What one script touches together shares a hash tag, so that Redis Cluster keeps it on one node:
 *
 * | tag           | holds                                                    | scales by            |
 * | `{adm}`       | leases, rates and the waiting room of the whole fleet    | one node, ~20 µs each |
 * | `{q0}`…       | a queue shard: BullMQ's keys and the request records     | number of shards     |
 * | `{up:<id>}`   | credentials in cooldown, circuits and tokens of one upstream | upstreams            |
 * | `{<process>}` | a process's mailbox                                      | processes            |
 */
export interface Keys {
  /** zset, request id → lease expiry: what runs now, over all replicas. */
  readonly leases: string;
  /** zset in the order of its members: who waits for a lease, a line for each client key. */
  readonly room: string;
  /** zset, request id → time until which its ingress has vouched for the waiter. */
  readonly vouched: string;
  /** hash, request id → its client key, arrival, cost, the key's share, and the ingress that holds the client. */
  readonly waiters: string;
  /** zset, client key → the turn at which its next waiter runs: tokens per weight. */
  readonly turns: string;
  /** zset, client key → how many of it wait. */
  readonly crowd: string;
  /** Start of the names of the ingresses' admission mailboxes; the id follows. */
  readonly admissionMailboxPrefix: string;
  admissionMailbox(processId: string): string;
  /** zset as `leases`, for one client key. */
  keyLeases(keyId: string): string;
  /** string: theoretical arrival time of the GCRA, per client key. */
  requestRate(keyId: string): string;
  tokenRate(keyId: string): string;
  /** stream: batches of frames for one process. */
  mailbox(processId: string): string;
  /** string with a short life: this process was alive a moment ago. */
  alive(processId: string): string;
  /** zset, worker id → its latest sign of life (ms, Redis clock). */
  readonly workers: string;
  /** BullMQ's prefix for a shard. */
  queuePrefix(shard: number): string;
  /** hash: epoch, deadline, claim and server of one request, and what its client has; then only the epoch that ended. */
  request(shard: number, requestId: string): string;
  /** string: what its client sent. */
  body(shard: number, requestId: string): string;
  /** hash, credential id, or credential id, tab and model → end of its rest (ms, Redis clock) with its marks and reason. */
  cooldowns(upstreamId: string): string;
  /** hash: failures and state of the circuit of one target. */
  circuit(upstreamId: string, model: string): string;
  /** string with a life: some client has asked for the models lately, so that workers ask the providers. */
  readonly modelsWanted: string;
  /** string: the names of the models that an upstream serves. A list of another place or protocol has another key. */
  modelNames(upstream: ModelSource): string;
  /** string with a life: the upstream has been asked, or is being asked now. */
  modelsAsked(upstream: ModelSource): string;
  /** hash: a token that a provider gave out, encrypted, and who renews it. */
  token(upstreamId: string, credentialId: string): string;
}

/** An upstream as far as it decides which models it has. */
export interface ModelSource {
  readonly id: string;
  readonly type: string;
  readonly baseUrl: string;
}

const placeOf = ({ id, type, baseUrl }: ModelSource): string =>
  `${id}:${createHash('sha256').update(`${type} ${baseUrl}`).digest('hex').slice(0, 12)}`;

/** Names every key under one prefix, so that several Sluices (or tests) can share a Redis. */
export function createKeys(prefix: string): Keys {
  const admission = `${prefix}:{adm}`;
  const admissionMailboxPrefix = `${admission}:mb:`;
  return {
    leases: `${admission}:leases`,
    // Other names than before 2026-11-30 (`waiting`, `vouched`, `waiters`): in a rollout old and new replicas have a room each.
    room: `${admission}:room`,
    vouched: `${admission}:room:vouched`,
    waiters: `${admission}:room:waiters`,
    turns: `${admission}:room:turns`,
    crowd: `${admission}:room:crowd`,
    admissionMailboxPrefix,
    admissionMailbox: (processId) => `${admissionMailboxPrefix}${processId}`,
    keyLeases: (keyId) => `${admission}:leases:${keyId}`,
    requestRate: (keyId) => `${admission}:rpm:${keyId}`,
    tokenRate: (keyId) => `${admission}:tpm:${keyId}`,
    mailbox: (processId) => `${prefix}:mb:{${processId}}`,
    alive: (processId) => `${prefix}:alive:${processId}`,
    workers: `${prefix}:workers`,
    queuePrefix: (shard) => `${prefix}:{q${shard}}`,
    request: (shard, requestId) => `${prefix}:{q${shard}}:req:${requestId}`,
    body: (shard, requestId) => `${prefix}:{q${shard}}:body:${requestId}`,
    cooldowns: (upstreamId) => `${prefix}:{up:${upstreamId}}:cooldowns`,
    circuit: (upstreamId, model) => `${prefix}:{up:${upstreamId}}:circuit:${model}`,
    modelsWanted: `${prefix}:models:wanted`,
    modelNames: (upstream) => `${prefix}:models:of:${placeOf(upstream)}`,
    modelsAsked: (upstream) => `${prefix}:models:asked:${placeOf(upstream)}`,
    token: (upstreamId, credentialId) => `${prefix}:{up:${upstreamId}}:token:${credentialId}`,
  };
}
