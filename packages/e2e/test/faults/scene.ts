import { connect } from '@sluice/redis';
import {
  openaiClient,
  type ServiceProcess,
  simulatorControl,
  type SimulatorControl,
  startRedis,
  until,
} from '@sluice/testkit';
import { APIError } from 'openai';
import { afterAll, beforeAll, expect } from 'vitest';
import { apiKey, type Sluice, startSluice, type SluiceOptions } from '../sluice.ts';
import { metric, tokensOf } from '../traffic.ts';

/** A fleet to hurt, with what must hold whatever happens to it. */
export interface Scene extends Sluice {
  readonly simulator: SimulatorControl;
  /** Asks for a stream with the official SDK and reads it to its end, whatever that is. */
  ask(question: Question): Asked;
  /** Named processes may end, and say so. */
  readonly mayEnd: Set<ServiceProcess>;
  /** Starts one more replica. */
  add: Sluice['fleet']['add'];
  /** The standing invariants, once all that was asked is over. */
  expectInvariants(options?: InvariantOptions): Promise<void>;
}

export interface Question {
  /** The model, which tells the simulator what to do; the number of tokens is added. */
  readonly model?: string;
  readonly tokens: number;
  /** The ingress to ask; default: they take turns. */
  readonly at?: number;
  readonly stream?: boolean;
  readonly key?: string;
  /** Default 0. */
  readonly maxRetries?: number;
}

/** The view that an SDK's user has of one request. */
export interface Asked {
  readonly rid: string;
  readonly text: string;
  /** `truncated`: it ended as if it were whole, and was not. That must never be. */
  readonly outcome: Outcome;
  /** Status of an error answer, code of an error event or error answer. */
  readonly status: number | undefined;
  readonly code: string | undefined;
  /** Longest time without a token, and when it was over; monotonic milliseconds. */
  readonly longestGapMs: number;
  readonly endedAt: number;
  /** Resolves at the end. Never rejects. */
  readonly over: Promise<void>;
  /** The client leaves. */
  leave(): void;
}

export type Outcome = 'open' | 'complete' | 'truncated' | 'error event' | 'http error' | 'broken' | 'left';

export interface InvariantOptions {
  /** Calls that one request may cost; default 2. */
  readonly maxCalls?: number;
  /** Time for which places may be taken after the last request; default 4000. */
  readonly leaseMs?: number;
}

export interface SceneOptions extends SluiceOptions {
  /** The URL at which the tests can reach the fleet's Redis; without it nothing is said of its keys. */
  readonly redisUrl?: string;
}

/** Keys that BullMQ keeps per shard for good, a process while it lives, an upstream for a minute after a failure. */
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
  afterAll(() => redis?.disconnect());

  function ask(question: Question): Asked {
    const rid = `r${asked.length}x`;
    tokens.set(rid, question.tokens);
    const each = read(sluice, rid, question);
    asked.push(each);
    return each;
  }

  // A first request creates and leaves some keys: the processes' mailboxes, the key's rates.
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
        // I1 and I2: nothing that was cut looks whole; nothing is lost, doubled or foreign.
        expect({ rid, outcome }).not.toEqual({ rid, outcome: 'truncated' });
        if (outcome === 'complete') expect({ rid, text }).toEqual({ rid, text: whole });
        else expect(whole.startsWith(text), `${rid} got ${text.slice(-80)}`).toBe(true);
      }
      // I3: no request costs more calls than it may.
      const costs = new Map<string, number>();
      for (const { body } of await simulator.calls()) {
        const rid = /rid=(r\d+x)/.exec(body)?.[1] ?? '';
        costs.set(rid, (costs.get(rid) ?? 0) + 1);
      }
      for (const [rid, calls] of costs) expect(calls, `calls of ${rid}`).toBeLessThanOrEqual(maxCalls);
      // I4: no place stays taken, at Redis or at the provider.
      const at = sluice.fleet.ingresses.findIndex((each) => !ended.has(each));
      const url = sluice.fleet.ingresses[at]?.managementUrl ?? '';
      await until(async () => (await metric(url, 'sluice_leases_in_use')) === 0, {
        what: 'all places to be free',
        timeoutMs: leaseMs + 2000,
      });
      await until(async () => (await simulator.stats()).open === 0, { what: 'all calls to be closed' });
      // I5: nothing is left in Redis.
      await until(async () => (await newKeys()).length === 0, { what: 'all keys to be gone', timeoutMs: 30_000 }).catch(
        async () => expect(await newKeys()).toEqual([]),
      );
      for (const each of [...sluice.fleet.ingresses, ...sluice.fleet.workers]) {
        // I6: nobody ends who was not ended; nothing was thrown that nobody caught.
        if (!mayEnd.has(each)) expect(ended.get(each)).toBe(undefined);
        expect(/.*(?:uncaught|unhandled).*/i.exec(each.output())?.[0]).toBe(undefined);
        // I7: no secret is told.
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

/** Starts a scene with a Redis of its own for the tests of one `describe`, which get at it by calling what this returns. */
export function useScene(options: SceneOptions): () => Scene {
  let scene: Scene | undefined;
  beforeAll(async () => {
    const redis = await startRedis();
    afterAll(() => redis.stop());
    scene = await startScene({ redisUrl: redis.url, ...options });
  });
  return () => {
    if (scene === undefined) throw new Error('there is a scene within tests only');
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

/** Resolves when each of them has got some of its text. */
export async function untilAllSpeak(asked: readonly Asked[], characters = 1): Promise<void> {
  await until(() => asked.every(({ text, outcome }) => text.length >= characters || outcome !== 'open'), {
    what: 'all streams to say something',
    timeoutMs: 20_000,
  });
}

/** Ends a process as the kernel would, and lets the invariants know. */
export function kill(scene: Scene, victim: ServiceProcess | undefined): number {
  if (victim === undefined) throw new Error('there is nobody to kill');
  scene.mayEnd.add(victim);
  victim.kill('SIGKILL');
  return performance.now();
}
