import type { AdmissionRequest, FleetLimits } from '@sluice/admission';
import type { Keys, RedisConnection } from '@sluice/redis';
import { type AdmissionScripts, createScripts } from '../src/scripts.ts';

/** A client that repeats its request as soon as it has the answer, without end. */
export interface SimulatedClient {
  readonly keyId: string;
  readonly weight: number;
  readonly tokens: number;
  /** Duration of one of its requests. */
  readonly serviceMs: number;
}

export interface Simulation {
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly fleet: FleetLimits;
  readonly ingresses: number;
  readonly clients: readonly SimulatedClient[];
  /** Duration on the simulation's clock. */
  readonly durationMs: number;
}

export interface KeyResult {
  /** Served tokens per weight. */
  tokens: number;
  /** Wait of each request that ran. */
  readonly waitsMs: number[];
  refusals: number;
}

/** Pause between an answer and the next request. */
const thinkMs = 2;
/** Pause after a refusal. */
const retryMs = 1000;

/** Current state of a client. */
interface Actor {
  readonly client: SimulatedClient;
  readonly scripts: AdmissionScripts;
  readonly request: AdmissionRequest;
  readonly result: KeyResult;
  askedAt: number;
  hasWaited: boolean;
}

interface Scheduled {
  readonly at: number;
  readonly what: 'ask' | 'end';
  readonly actor: Actor;
}

/**
 * Runs the real scripts on a real Redis with simulated time: a request takes the time that the simulation gives it,
 * and only its wait counts. Leases must outlast the simulation.
 */
export async function simulate(simulation: Simulation): Promise<Map<string, KeyResult>> {
  const { connection, keys, fleet, ingresses, durationMs } = simulation;
  const ingressIds = Array.from({ length: ingresses }, (_, at) => `i-${at}`);
  const mailboxes = await openMailboxes(connection, ingressIds.map(keys.admissionMailbox));
  const results = new Map<string, KeyResult>();
  const actors = simulation.clients.map((client, at): Actor => {
    const { keyId, weight, tokens } = client;
    const result = results.get(keyId) ?? { tokens: 0, waitsMs: [], refusals: 0 };
    results.set(keyId, result);
    return {
      client,
      scripts: createScripts({ connection, keys, ingressId: `i-${at % ingresses}`, fleet }),
      request: { requestId: `c${at}`, keyId, limits: {}, tokens, weight },
      result,
      askedAt: 0,
      hasWaited: false,
    };
  });
  // Clients start at different moments and take different times, as in production.
  const random = createRandom();
  const agenda: Scheduled[] = [];

  function schedule(entry: Scheduled): void {
    const at = agenda.findIndex((other) => other.at > entry.at);
    if (at < 0) agenda.push(entry);
    else agenda.splice(at, 0, entry);
  }

  function begin(actor: Actor, now: number): void {
    actor.result.waitsMs.push(now - actor.askedAt);
    schedule({ at: now + actor.client.serviceMs * (0.8 + 0.4 * random()), what: 'end', actor });
  }

  function refuse(actor: Actor, now: number): void {
    actor.result.refusals += 1;
    schedule({ at: now + retryMs, what: 'ask', actor });
  }

  async function askFor(actor: Actor, now: number): Promise<void> {
    actor.askedAt = now;
    const { verdict } = await actor.scripts.acquire(actor.request);
    actor.hasWaited = verdict === 'waiting';
    if (verdict === 'admitted') begin(actor, now);
    if (verdict === 'refused') refuse(actor, now);
  }

  const release = ({ scripts, request, hasWaited }: Actor): Promise<boolean[]> =>
    scripts.release([{ request, correction: { requests: 0, tokens: 0, hasWaited } }]);

  async function end(actor: Actor, now: number): Promise<void> {
    actor.result.tokens += actor.client.tokens / actor.client.weight;
    await release(actor);
    schedule({ at: now + thinkMs, what: 'ask', actor });
  }

  for (const actor of actors) schedule({ at: random() * 100, what: 'ask', actor });
  for (let next = agenda.shift(); next !== undefined && next.at < durationMs; next = agenda.shift()) {
    await (next.what === 'ask' ? askFor : end)(next.actor, next.at);
    for (const { requestId, what } of await mailboxes.read()) {
      const told = actors.find(({ request }) => request.requestId === requestId);
      if (told === undefined) throw new Error(`message for the unknown request ${requestId}`);
      if (what === 'admitted') {
        begin(told, next.at);
      } else {
        await release(told);
        refuse(told, next.at);
      }
    }
  }
  return results;
}

/** Jain's index: 1 when all shares are equal, 1/n when one client has everything. */
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

/** Returns the same sequence of numbers in [0, 1) each time. */
function createRandom(): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
