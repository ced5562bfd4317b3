import OpenAI from 'openai';
import { onTestFinished } from 'vitest';
import { type Simulator, startSimulator } from '../src/index.ts';

/** A simulator on a free port, closed after the test. */
export async function simulate(): Promise<Simulator> {
  const simulator = await startSimulator({ port: 0 });
  onTestFinished(() => simulator.close());
  return simulator;
}

/** An OpenAI client of this simulator that never retries by itself. */
export function clientOf(simulator: Simulator, apiKey = 'tok-a'): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${simulator.url}/v1`, maxRetries: 0 });
}

/** A request of one user message. */
export function requestFor(model: string, content = 'hello'): { model: string; messages: UserMessage[] } {
  return { model, messages: [{ role: 'user', content }] };
}

interface UserMessage {
  readonly role: 'user';
  readonly content: string;
}
