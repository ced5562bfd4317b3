import { setTimeout as delay } from 'node:timers/promises';
import type { Login, LoginResult } from '@sluice/providers';
import { LaunchError } from '../bare/launch-error.mjs';

type Exchange = ReturnType<Login['exchange']>;
type Step = Exclude<ReturnType<Exchange['next']>, { readonly done: true }>['value'];
type Answer = Parameters<Exchange['next']>[0];

const callMs = 20_000;

/**
 * Takes the steps by which a code becomes a login.
 *
 * @throws LaunchError when the provider can't be reached
 */
export async function converse(steps: Exchange): Promise<LoginResult> {
  let next = steps.next();
  while (next.done !== true) next = steps.next(await take(next.value));
  return next.value;
}

type Given = Exclude<Answer, undefined>;

async function take(step: Step): Promise<Given> {
  if (step.kind === 'wait') {
    await delay(step.ms);
    return { head: { status: 0, headers: {}, receivedAt: Date.now() }, text: '' };
  }
  const { method, url, headers, body = null } = step.request;
  try {
    const signal = AbortSignal.timeout(callMs);
    const response = await fetch(url, {
      method,
      headers,
      body: typeof body === 'string' ? body : null,
      redirect: 'error',
      signal,
    });
    const head = { status: response.status, headers: Object.fromEntries(response.headers), receivedAt: Date.now() };
    return { head, text: await response.text() };
  } catch (error) {
    // The query may hold a token.
    throw new LaunchError(`${new URL(url).origin} can't be reached (${codeOf(error)}).`);
  }
}

function codeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return 'unknown error';
  return 'code' in cause ? String(cause.code) : cause.name;
}
