import { createHash } from 'node:crypto';

/**
 * Names of all keys of Sluice. Keys that one script touches share a hash tag, so that Redis Cluster keeps them on one
 * node:
 *
 * | tag           | holds                                                        | scales by             |
 * | `{adm}`       | leases, rates and the waiting room of the whole fleet        | one node, ~20 µs each |
 * | `{q0}`…       | a queue shard: BullMQ's keys and the request records         | number of shards      |
 * | `{up:<id>}`   | cooldowns, circuits and access tokens of one upstream        | upstreams             |
 * | `{<process>}` | a process's mailbox                                          | processes             |
 * | `{keys}`      | the registry of the database's client keys and teams         | one node              |
 * | `{attempts}`  | the outbox of the attempts' ledger entries                   | one node              |
 * | `{logs}`      | the outbox of the request log                                | one node              |
 * | `{bodies}`    | the outbox of sealed bodies                                  | one node              |
 * | `{key:answer}` | one kept answer                                             | answers               |
 */
export interface Keys {
  /** zset, request id → lease expiry: running requests of all replicas. */
  readonly leases: string;
  /** zset in the order of its members: waiters, one queue per client key. */
  readonly room: string;
  /** zset, request id → time until which its ingress vouches for the waiter. */
  readonly vouched: string;
  /** hash, request id → its client key, arrival, cost, the key's share, and the ingress that holds the client. */
  readonly waiters: string;
  /** zset, client key → the turn at which its next waiter runs: tokens per weight. */
  readonly turns: string;
  /** zset, client key → number of its waiters. */
  readonly crowd: string;
  /** Name prefix of the ingresses' admission mailboxes; the id follows. */
  readonly admissionMailboxPrefix: string;
  admissionMailbox(processId: string): string;
  /** zset, request id → lease expiry: leases of one client key. */
  keyLeases(keyId: string): string;
  /** string: theoretical arrival time of the GCRA, per client key. */
  requestRate(keyId: string): string;
  tokenRate(keyId: string): string;
  /** Name prefix of all keys of admission; the scripts derive those of teams, budgets and lost requests from it. */
  readonly admissionPrefix: string;
  /** hash: money that an owner of budgets has spent and reserved: `k:<key id>` or `t:<team id>`. */
  spend(owner: string): string;
  /** stream: batches of frames for one process. */
  mailbox(processId: string): string;
  /** string with a short TTL: exists while this process is alive. */
  alive(processId: string): string;
  /** zset, worker id → time of its latest beat (ms, Redis clock). */
  readonly workers: string;
  /** zset, JSON about a process of either service → time of its latest beat (ms, Redis clock). */
  readonly replicas: string;
  /** string with a TTL: exists after an ingress has shown its status page, so that workers report the upstreams. */
  readonly upstreamsWanted: string;
  /** string with a TTL: a worker has reported the upstreams lately, or does so now. */
  readonly upstreamsAsked: string;
  /** string with a TTL, JSON: the report. */
  readonly upstreamReports: string;
  /** Returns BullMQ's prefix for a shard. */
  queuePrefix(shard: number): string;
  /** hash: epoch, deadline, claim, server and delivered part of one request; after its end only the ended epoch. */
  request(shard: number, requestId: string): string;
  /** string: body of the request. */
  body(shard: number, requestId: string): string;
  /**
   * hash, credential id, or credential id, tab and model → end of its cooldown (ms, Redis clock) with marks and reason.
   */
  cooldowns(upstreamId: string): string;
  /** hash: failures and circuit state of one target. */
  circuit(upstreamId: string, model: string): string;
  /** string with a TTL: exists after a client has asked for the models, so that workers query the providers. */
  readonly modelsWanted: string;
  /** string: model names of an upstream. Another base URL or protocol has another key. */
  modelNames(upstream: ModelSource): string;
  /** string with a TTL: the upstream was queried lately, or a query is running. */
  modelsAsked(upstream: ModelSource): string;
  /** hash: an access token from a provider, encrypted, and the worker that renews it. */
  token(upstreamId: string, credentialId: string): string;
  /** hash, request id → JSON of its open entry and of the budgets that it has reserved. */
  readonly openEntries: string;
  /** stream: ledger entries of requests on their way to the database; field `e` is the JSON of one. */
  readonly ledger: string;
  /** stream: ledger entries of attempts on their way to the database; field `e` is a JSON array of them. */
  readonly attempts: string;
  /** hash, id of a call that this worker makes → JSON of the entry that it gets if the worker dies now. */
  openAttempts(workerId: string): string;
  /** set: workers with such entries. */
  readonly openAttemptWorkers: string;
  /** stream: entries of the request log on their way to the database; field `e` is a JSON array of them. */
  readonly logs: string;
  /** stream: sealed bodies of requests and answers on their way to the database; field `e` is a JSON array of them. */
  readonly bodies: string;
  /** hash with a TTL: digest of the request, owner and state of an answer that clients can attach to again. */
  keptAnswer(keyId: string, answerId: string): string;
  /** stream with a TTL: the events of that answer, maybe sealed. */
  keptEvents(keyId: string, answerId: string): string;
  /** string with a TTL, maybe sealed: a response of this client key, for `previous_response_id` and retrieval. */
  keptResponse(keyId: string, responseId: string): string;
  /** hash: `source` and `revision` of the registry of client keys. */
  readonly registryState: string;
  /** zset, id of a client key or team → revision of its latest change. */
  readonly registryRevisions: string;
  /** hash, id of a client key or team → JSON of its record, which has hashes of secrets only. */
  readonly registryRecords: string;
  /** zset, id of a record of a revoked key or removed team → time at which it is dropped (ms, Redis clock). */
  readonly registryTombstones: string;
  /** stream with one entry, for readers that wait for a change: revision of the latest one. */
  readonly registryChanges: string;
}

/** The fields of an upstream that determine its models. */
export interface ModelSource {
  readonly id: string;
  readonly type: string;
  readonly baseUrl: string;
}

const placeOf = ({ id, type, baseUrl }: ModelSource): string =>
  `${id}:${createHash('sha256').update(`${type} ${baseUrl}`).digest('hex').slice(0, 12)}`;

/** Creates all key names under one prefix, so that several instances of Sluice (or tests) can share a Redis. */
export function createKeys(prefix: string): Keys {
  const admission = `${prefix}:{adm}`;
  const admissionMailboxPrefix = `${admission}:mb:`;
  return {
    leases: `${admission}:leases`,
    // Other names than before 2026-11-30 (`waiting`, `vouched`, `waiters`): in a rollout, old and new
    // replicas each have their own waiting room.
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
    admissionPrefix: `${admission}:`,
    spend: (owner) => `${admission}:spend:${owner}`,
    mailbox: (processId) => `${prefix}:mb:{${processId}}`,
    alive: (processId) => `${prefix}:alive:${processId}`,
    workers: `${prefix}:workers`,
    // The users of Redis of earlier versions have both services' rights on these names: see SECURITY.md.
    replicas: `${prefix}:alive:replicas`,
    upstreamsWanted: `${prefix}:alive:upstreams:wanted`,
    upstreamsAsked: `${prefix}:alive:upstreams:asked`,
    upstreamReports: `${prefix}:alive:upstreams`,
    queuePrefix: (shard) => `${prefix}:{q${shard}}`,
    request: (shard, requestId) => `${prefix}:{q${shard}}:req:${requestId}`,
    body: (shard, requestId) => `${prefix}:{q${shard}}:body:${requestId}`,
    cooldowns: (upstreamId) => `${prefix}:{up:${upstreamId}}:cooldowns`,
    circuit: (upstreamId, model) => `${prefix}:{up:${upstreamId}}:circuit:${model}`,
    modelsWanted: `${prefix}:models:wanted`,
    modelNames: (upstream) => `${prefix}:models:of:${placeOf(upstream)}`,
    modelsAsked: (upstream) => `${prefix}:models:asked:${placeOf(upstream)}`,
    token: (upstreamId, credentialId) => `${prefix}:{up:${upstreamId}}:token:${credentialId}`,
    openEntries: `${admission}:open`,
    ledger: `${admission}:ledger`,
    attempts: `${prefix}:outbox:{attempts}`,
    openAttempts: (workerId) => `${prefix}:outbox:{attempts}:open:${workerId}`,
    openAttemptWorkers: `${prefix}:outbox:{attempts}:open`,
    logs: `${prefix}:outbox:{logs}`,
    bodies: `${prefix}:outbox:{bodies}`,
    keptAnswer: (keyId, answerId) => `${prefix}:kept:{${keyId}:${answerId}}`,
    keptEvents: (keyId, answerId) => `${prefix}:kept:{${keyId}:${answerId}}:events`,
    keptResponse: (keyId, responseId) => `${prefix}:kept:response:${keyId}:${responseId}`,
    registryState: `${prefix}:{keys}:state`,
    registryRevisions: `${prefix}:{keys}:revisions`,
    registryRecords: `${prefix}:{keys}:records`,
    registryTombstones: `${prefix}:{keys}:tombstones`,
    registryChanges: `${prefix}:{keys}:changes`,
  };
}
