import { Agent } from 'undici';
import { type Answered, ask } from './ask.ts';
import type { Scenario } from './scenarios.ts';

/** The target of the requests. */
export interface Target {
  readonly name: string;
  readonly url: string;
  readonly apiKey: string;
}

export interface LoadResult {
  readonly answers: readonly Answered[];
  /** Messages of failed requests. */
  readonly errors: readonly string[];
  /** Time from the first request to the last answer. */
  readonly elapsedMs: number;
}

export interface LoadRequest {
  readonly target: Target;
  readonly scenario: Scenario;
  /** Time in which requests are started; running ones are awaited after it. */
  readonly durationMs: number;
}

/** Runs one scenario against one target. */
export async function load({ target, scenario, durationMs }: LoadRequest): Promise<LoadResult> {
  const agent = new Agent({ connections: scenario.clients, headersTimeout: 60_000, bodyTimeout: 60_000 });
  const answers: Answered[] = [];
  const errors: string[] = [];
  const run = Math.random().toString(36).slice(2, 8);
  let asked = 0;

  async function one(): Promise<void> {
    const question = {
      ...target,
      model: `demo-${scenario.directives}`,
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
  await agent.close();
  return { answers, errors, elapsedMs };
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
