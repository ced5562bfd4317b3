import { connect } from '@sluice/redis';
import {
  afterFile,
  openaiClient,
  type ServiceProcess,
  simulatorControl,
  type SimulatorControl,
  startRedis,
  until,
} from '@sluice/testkit';
import { APIError } from 'openai';
import { beforeAll, expect } from 'vitest';
import { apiKey, type Sluice, startSluice, type SluiceOptions } from '../sluice.ts';
import { metric, tokensOf } from '../traffic.ts';

/** A fleet for faults, with the invariants that must hold whatever happens to it. */
export interface Scene extends Sluice {
  readonly simulator: SimulatorControl;
  /** Requests a stream with the official SDK and reads it to its end, whatever that is. */
  ask(question: Question): Asked;
  /** Marks named processes as ones that may end, and may log errors. */
  readonly mayEnd: Set<ServiceProcess>;
  /** Starts one more replica. */
  add: Sluice['fleet']['add'];
  /** Checks the standing invariants, once all requests have ended. */
  expectInvariants(options?: InvariantOptions): Promise<void>;
}

export interface Question {
  /** Model with the simulator's directives; the number of tokens is added. */
  readonly model?: string;
  readonly tokens: number;
  /** Ingress for the request; default: requests alternate. */
  readonly at?: number;
  readonly stream?: boolean;
  readonly key?: string;
  /** Default 0. */
  readonly maxRetries?: number;
}

/** One request as an SDK's user sees it. */
export interface Asked {
  readonly rid: string;
  readonly text: string;
  /** `truncated`: it ended as if it were whole, and was not. That must never happen. */
  readonly outcome: Outcome;
  /** Status of an error answer, code of an error event or error answer. */
  readonly status: number | undefined;
  readonly code: string | undefined;
  /** Longest time without a token, and its end; monotonic milliseconds. */
  readonly longestGapMs: number;
  readonly endedAt: number;
  /** Resolves at the end. Never rejects. */
  readonly over: Promise<void>;
  /** Makes the client leave. */
  leave(): void;
}

export type Outcome = 'open' | 'complete' | 'truncated' | 'error event' | 'http error' | 'broken' | 'left';

export interface InvariantOptions {
  /** Calls that one request may cost; default 2. */
  readonly maxCalls?: number;
  /** Time for which leases may stay taken after the last request; default 4000. */
  readonly leaseMs?: number;
}

export interface SceneOptions extends SluiceOptions {
  /** URL at which the tests reach the fleet's Redis; without it the keys are not checked. */
  readonly redisUrl?: string;
}

/** Keys that stay: BullMQ's per shard, a process's while it lives, an upstream's for a minute after a failure. */
const lasting = /:chat:(?:id|events|meta|marker|stalled-check)$|:alive:|:mb:|:circuit:|:cooldowns$|:room:turns$/;

/** Starts a fleet for the tests of one `describe`. */
export async function startScene({ redisUrl, ...options }: SceneOptions = {}): Promise<Scene> {
  const sluice = await startSluice({
    ...options,
    ...(redisUrl === undefined || options.redis !== undefined ? {} : { redis: { url: redisUrl } }),
  });
  const simulator = simulatorControl(sluice.simulatorProcess.url);
  const asked: Asked[] = [];
  const tokens = new Map<string, number>();
  const mayEnd = new Set<ServiceProcess>();
  const ended = new Map<ServiceProcess, unknown>();
  const watch = (each: ServiceProcess): void => void each.exited.then((exit) => ended.set(each, exit));
  for (const each of [...sluice.fleet.ingresses, ...sluice.fleet.workers]) watch(each);
  const redis =
    redisUrl === undefined
      ? undefined
      : connect({
          settings: { kind: 'single', url: redisUrl },
          role: 'blocking',
          name: 'test',
          onError: () => undefined,
        });
  afterFile(() => redis?.disconnect());

  function ask(question: Question): Asked {
    const rid = `r${asked.length}x`;
    tokens.set(rid, question.tokens);
    const each = read(sluice, rid, question);
    asked.push(each);
    return each;
  }

  // A first request creates lasting keys: the processes' mailboxes, the key's rates.
  await ask({ tokens: 1 }).over;
  const keysBefore = new Set(await redis?.keys('*'));
  const newKeys = async (): Promise<string[]> =>
    ((await redis?.keys('*')) ?? []).filter((name) => !keysBefore.has(name) && !lasting.test(name));

  return {
    ...sluice,
    simulator,
    ask,
    mayEnd,
    async add(name, env) {
      const replica = await sluice.fleet.add(name, env);
      watch(replica);
      return replica;
    },
    async expectInvariants({ maxCalls = 2, leaseMs = 4000 } = {}) {
      await Promise.all(asked.map(({ over }) => over));
      for (const { rid, outcome, text } of asked) {
        const whole = tokensOf(rid, tokens.get(rid) ?? 0);
        // I1 and I2: no cut answer looks whole; nothing is lost, doubled or from another request.
        expect({ rid, outcome }).not.toEqual({ rid, outcome: 'truncated' });
        if (outcome === 'complete') expect({ rid, text }).toEqual({ rid, text: whole });
        else expect(whole.startsWith(text), `${rid} got ${text.slice(-80)}`).toBe(true);
      }
      // I3: no request costs more calls than its limit.
      const costs = new Map<string, number>();
      for (const { body } of await simulator.calls()) {
        const rid = /rid=(r\d+x)/.exec(body)?.[1] ?? '';
        costs.set(rid, (costs.get(rid) ?? 0) + 1);
      }
      for (const [rid, calls] of costs) expect(calls, `calls of ${rid}`).toBeLessThanOrEqual(maxCalls);
      // I4: no lease stays taken, and no call stays open at the provider.
      const at = sluice.fleet.ingresses.findIndex((each) => !ended.has(each));
      const url = sluice.fleet.ingresses[at]?.managementUrl ?? '';
      await until(async () => (await metric(url, 'sluice_leases_in_use')) === 0, {
        what: 'all leases to be free',
        timeoutMs: leaseMs + 2000,
      });
      await until(async () => (await simulator.stats()).open === 0, { what: 'all calls to be closed' });
      // I5: nothing is left in Redis.
      await until(async () => (await newKeys()).length === 0, { what: 'all keys to be gone', timeoutMs: 30_000 }).catch(
        async () => expect(await newKeys()).toEqual([]),
      );
      for (const each of [...sluice.fleet.ingresses, ...sluice.fleet.workers]) {
        // I6: no process ends unless a test ended it; no error is left uncaught.
        if (!mayEnd.has(each)) expect(ended.get(each)).toBe(undefined);
        expect(/.*(?:uncaught|unhandled).*/i.exec(each.output())?.[0]).toBe(undefined);
        // I7: no secret shows.
        expect(each.output().includes(apiKey)).toBe(false);
        expect(/.*tok-sim-.*/.exec(each.output())?.[0]).toBe(undefined);
      }
    },
  };
}

function read(sluice: Sluice, rid: string, question: Question): Asked {
  const { model = 'demo', tokens, at, stream = true, key = apiKey, maxRetries = 0 } = question;
  const controller = new AbortController();
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const asked = {
    rid,
    text: '',
    outcome: 'open' as Outcome,
    status: undefined as number | undefined,
    code: undefined as string | undefined,
    longestGapMs: 0,
    endedAt: NaN,
    over,
    leave: () => controller.abort(),
  };
  const client = openaiClient({ baseUrl: sluice.url(at), apiKey: key, maxRetries });
  const body = {
    model: `${model}-t${tokens}`,
    messages: [{ role: 'user' as const, content: `rid=${rid}` }],
  };
  let lastAt = performance.now();
  function take(text: string): void {
    const now = performance.now();
    asked.longestGapMs = Math.max(asked.longestGapMs, now - lastAt);
    lastAt = now;
    asked.text += text;
  }
  async function run(): Promise<Outcome> {
    let isFinished = false;
    if (stream) {
      const chunks = await client.chat.completions.create({ ...body, stream }, { signal: controller.signal });
      for await (const { choices } of chunks) {
        if (choices[0]?.delta.content) take(choices[0].delta.content);
        if (choices[0]?.finish_reason) isFinished = true;
      }
    } else {
      const { choices } = await client.chat.completions.create(body, { signal: controller.signal });
      take(choices[0]?.message.content ?? '');
      isFinished = choices[0]?.finish_reason !== undefined;
    }
    if (isFinished) return 'complete';
    return controller.signal.aborted ? 'left' : 'truncated';
  }
  void run()
    .catch((error: unknown): Outcome => {
      if (controller.signal.aborted) return 'left';
      if (!(error instanceof APIError)) return 'broken';
      const { status, code } = error as { readonly status: number | undefined; readonly code: unknown };
      asked.status = status;
      asked.code = typeof code === 'string' ? code : undefined;
      if (status !== undefined) return 'http error';
      return asked.code === undefined ? 'broken' : 'error event';
    })
    .then((outcome) => {
      asked.outcome = outcome;
      asked.endedAt = performance.now();
      resolve();
    });
  return asked;
}

/** Starts a scene with its own Redis for the tests of one `describe`; the returned function gives access to it. */
export function useScene(options: SceneOptions): () => Scene {
  let scene: Scene | undefined;
  beforeAll(async () => {
    const redis = await startRedis();
    afterFile(() => redis.stop());
    scene = await startScene({ redisUrl: redis.url, ...options });
  });
  return () => {
    if (scene === undefined) throw new Error('a scene exists within tests only');
    return scene;
  };
}

export const allOver = (asked: readonly Asked[]): Promise<unknown> => Promise.all(asked.map(({ over }) => over));

/** The outcomes of many requests, counted. */
export function outcomesOf(asked: readonly Asked[]): Partial<Record<Outcome, number>> {
  const counts: Partial<Record<Outcome, number>> = {};
  for (const { outcome } of asked) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

/** Resolves when each stream has got some of its text. */
export async function untilAllSpeak(asked: readonly Asked[], characters = 1): Promise<void> {
  await until(() => asked.every(({ text, outcome }) => text.length >= characters || outcome !== 'open'), {
    what: 'all streams to have text',
    timeoutMs: 20_000,
  });
}

/** Ends a process as the kernel would, and excepts it from the invariants. */
export function kill(scene: Scene, victim: ServiceProcess | undefined): number {
  if (victim === undefined) throw new Error('there is no process to kill');
  scene.mayEnd.add(victim);
  victim.kill('SIGKILL');
  return performance.now();
}
