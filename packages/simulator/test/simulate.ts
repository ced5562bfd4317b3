import OpenAI from 'openai';
import { onTestFinished } from 'vitest';
import { type Simulator, startSimulator } from '../src/index.ts';

/** Starts a simulator on a free port and closes it after the test. */
export async function simulate(): Promise<Simulator> {
  const simulator = await startSimulator({ port: 0 });
  onTestFinished(() => simulator.close());
  return simulator;
}

/** Creates an OpenAI client of this simulator that does not retry. */
export function clientOf(simulator: Simulator, apiKey = 'tok-a'): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${simulator.url}/v1`, maxRetries: 0 });
}

/** Builds a request with one user message. */
export function requestFor(model: string, content = 'hello'): { model: string; messages: UserMessage[] } {
  return { model, messages: [{ role: 'user', content }] };
}

interface UserMessage {
  readonly role: 'user';
  readonly content: string;
}
