import type { FleetLimits } from '@sluice/admission';
import type { Keys, RedisConnection } from '@sluice/redis';
import { type AdmissionScripts, createScripts } from '../src/scripts.ts';

/** A client that asks again as soon as it has its answer, for ever. */
export interface SimulatedClient {
  readonly keyId: string;
  readonly weight: number;
  readonly tokens: number;
  /** How long one of its requests runs. */
  readonly serviceMs: number;
}

export interface Simulation {
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly fleet: FleetLimits;
  readonly ingresses: number;
  readonly clients: readonly SimulatedClient[];
  /** In the simulation's own time. */
  readonly durationMs: number;
}

export interface KeyResult {
  /** Tokens served, per weight. */
  tokens: number;
  /** Of each request that ran. */
  readonly waitsMs: number[];
  refusals: number;
}

/** Between an answer and the next question. */
const thinkMs = 2;
/** After a refusal. */
const retryMs = 1000;

interface Scheduled {
  readonly at: number;
  readonly what: 'ask' | 'end';
  readonly client: number;
}

/**
 * Real scripts on a real Redis, with time made up: requests take as long as the simulation says, and only what a request
 * waits for counts. Leases must outlive the run.
 */
export async function simulate(simulation: Simulation): Promise<Map<string, KeyResult>> {
  const { connection, keys, fleet, clients, durationMs } = simulation;
  const ingressIds = Array.from({ length: simulation.ingresses }, (_, at) => `i-${at}`);
  const scripts = ingressIds.map((ingressId) => createScripts({ connection, keys, ingressId, fleet }));
  const mailboxes = await openMailboxes(connection, ingressIds.map(keys.admissionMailbox));
  const results = new Map<string, KeyResult>();
  for (const { keyId } of clients) results.set(keyId, { tokens: 0, waitsMs: [], refusals: 0 });
  // Not all at the same moment, and differently long: in life nothing keeps step.
  const random = createRandom();
  let agenda: Scheduled[] = clients.map((_, client) => ({ at: random() * 100, what: 'ask', client }));
  const askedAt = clients.map(() => 0);
  const scriptsOf = (client: number): AdmissionScripts => scripts[client % scripts.length] ?? scripts[0]!;
  const requestOf = (client: number) => {
    const { keyId, weight, tokens } = clients[client]!;
    return { requestId: `c${client}`, keyId, limits: {}, tokens, weight };
  };
  const hasWaited = clients.map(() => false);

  function schedule(entry: Scheduled): void {
    const at = agenda.findIndex((other) => other.at > entry.at);
    if (at < 0) agenda.push(entry);
    else agenda.splice(at, 0, entry);
  }

  function begin(client: number, now: number): void {
    const { keyId, serviceMs } = clients[client]!;
    results.get(keyId)!.waitsMs.push(now - askedAt[client]!);
    schedule({ at: now + serviceMs * (0.8 + 0.4 * random()), what: 'end', client });
  }

  function refuse(client: number, now: number): void {
    results.get(clients[client]!.keyId)!.refusals += 1;
    schedule({ at: now + retryMs, what: 'ask', client });
  }

  agenda = agenda.toSorted((a, b) => a.at - b.at);
  for (let next = agenda.shift(); next !== undefined && next.at < durationMs; next = agenda.shift()) {
    const { at: now, client } = next;
    if (next.what === 'ask') {
      askedAt[client] = now;
      const { verdict } = await scriptsOf(client).acquire(requestOf(client));
      hasWaited[client] = verdict === 'waiting';
      if (verdict === 'admitted') begin(client, now);
      if (verdict === 'refused') refuse(client, now);
    } else {
      const { keyId, tokens, weight } = clients[client]!;
      results.get(keyId)!.tokens += tokens / weight;
      await scriptsOf(client).release(requestOf(client), { requests: 0, tokens: 0, hasWaited: hasWaited[client]! });
      schedule({ at: now + thinkMs, what: 'ask', client });
    }
    for (const { requestId, what } of await mailboxes.read()) {
      const other = Number(requestId.slice(1));
      if (what === 'admitted') {
        begin(other, now);
      } else {
        await scriptsOf(other).release(requestOf(other), { requests: 0, tokens: 0, hasWaited: true });
        refuse(other, now);
      }
    }
  }
  return results;
}

/** Jain's index: 1 when all are equal, 1/n when one has everything. */
export function fairnessOf(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  const squares = shares.reduce((total, share) => total + share * share, 0);
  return (sum * sum) / (shares.length * squares);
}

async function openMailboxes(connection: RedisConnection, names: readonly string[]) {
  const seen = await Promise.all(names.map((name) => connection.xadd(name, '*', 'f', '')));
  return {
    async read(): Promise<{ requestId: string; what: string }[]> {
      const heard: { requestId: string; what: string }[] = [];
      for (const [at, name] of names.entries()) {
        for (const [id, [, frame = '']] of await connection.xrange(name, `(${seen[at]}`, '+')) {
          seen[at] = id;
          const [requestId = '', , , what = ''] = frame.split(' ');
          heard.push({ requestId, what });
        }
      }
      return heard;
    },
  };
}

/** The same numbers in [0, 1) each time. */
function createRandom(): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
