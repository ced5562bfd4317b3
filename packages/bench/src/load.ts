import { Agent } from 'undici';
import { type Answered, ask } from './ask.ts';
import type { Scenario } from './scenarios.ts';
import type { Surface } from './surfaces.ts';

/** The target of the requests. */
export interface Target {
  readonly name: string;
  readonly url: string;
  readonly apiKey: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Name of the model before the simulator's directives. */
  readonly model: string;
}

export interface LoadResult {
  readonly answers: readonly Answered[];
  /** Messages of failed requests. */
  readonly errors: readonly string[];
  /** Time from the first request to the last answer. */
  readonly elapsedMs: number;
  readonly client: ClientUse;
}

/** Use of the core on which the client runs, from 0 to 1. */
export interface ClientUse {
  /** CPU time of this process by time; above 1 when its other threads work too. */
  readonly cpuShare: number;
  /** Share of the time in which the event loop did not wait for anything. */
  readonly loopShare: number;
}

export interface LoadRequest {
  readonly target: Target;
  readonly surface: Surface;
  readonly scenario: Scenario;
  /** Time in which requests are started; running ones are awaited after it. */
  readonly durationMs: number;
}

/** Runs one scenario against one target. */
export async function load({ target, surface, scenario, durationMs }: LoadRequest): Promise<LoadResult> {
  const agent = new Agent({ connections: scenario.clients, headersTimeout: 60_000, bodyTimeout: 60_000 });
  const answers: Answered[] = [];
  const errors: string[] = [];
  const run = Math.random().toString(36).slice(2, 8);
  let asked = 0;

  async function one(): Promise<void> {
    const question = {
      ...target,
      surface,
      model: `${target.model}-${scenario.directives}`,
      stream: scenario.stream,
      tokens: scenario.tokens,
      promptBytes: scenario.promptBytes ?? 0,
      rid: `${run}n${asked++}`,
    };
    await ask(agent, question).then(
      (answer) => answers.push(answer),
      (error: unknown) => errors.push(error instanceof Error ? error.message : String(error)),
    );
  }

  const readClient = openClientMeter();
  const beganAt = performance.now();
  const isBeforeEnd = (): boolean => performance.now() - beganAt < durationMs;
  if (scenario.ratePerSecond === undefined) {
    const client = async (): Promise<void> => {
      while (isBeforeEnd()) await one();
    };
    await Promise.all(Array.from({ length: scenario.clients }, client));
  } else {
    await beginAtRate({ one, isBeforeEnd, everyMs: 1000 / scenario.ratePerSecond });
  }
  const elapsedMs = performance.now() - beganAt;
  const client = readClient(elapsedMs);
  await agent.close();
  return { answers, errors, elapsedMs, client };
}

/** Returns a function that tells the use since now. */
function openClientMeter(): (elapsedMs: number) => ClientUse {
  const cpu = process.cpuUsage();
  const loop = performance.eventLoopUtilization();
  return (elapsedMs) => {
    const { user, system } = process.cpuUsage(cpu);
    return {
      cpuShare: (user + system) / 1000 / elapsedMs,
      loopShare: performance.eventLoopUtilization(loop).utilization,
    };
  };
}

interface Pace {
  readonly one: () => Promise<void>;
  readonly isBeforeEnd: () => boolean;
  readonly everyMs: number;
}

async function beginAtRate({ one, isBeforeEnd, everyMs }: Pace): Promise<void> {
  const open: Promise<void>[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setInterval(() => {
    if (isBeforeEnd()) return void open.push(one());
    clearInterval(timer);
    resolve();
  }, everyMs);
  await promise;
  await Promise.all(open);
}
