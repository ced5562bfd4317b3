import { setTimeout as delay } from 'node:timers/promises';
import type { ChooseProxy, Proxy } from '@sluice/config';
import type { Login, LoginResult } from '@sluice/providers';
import { Agent, type Dispatcher, fetch, ProxyAgent } from 'undici';
import { LaunchError } from '../bare/launch-error.mjs';

type Exchange = ReturnType<Login['exchange']>;
type Step = Exclude<ReturnType<Exchange['next']>, { readonly done: true }>['value'];
type Answer = Parameters<Exchange['next']>[0];

const callMs = 20_000;

/**
 * Runs the steps that exchange a code for a login.
 *
 * @param proxyOf the proxy through which a URL is called
 * @throws LaunchError when the provider can't be reached
 */
export async function converse(steps: Exchange, proxyOf: ChooseProxy): Promise<LoginResult> {
  let next = steps.next();
  while (next.done !== true) next = steps.next(await take(next.value, proxyOf));
  return next.value;
}

type Given = Exclude<Answer, undefined>;

async function take(step: Step, proxyOf: ChooseProxy): Promise<Given> {
  if (step.kind === 'wait') {
    await delay(step.ms);
    return { head: { status: 0, headers: {}, receivedAt: Date.now() }, text: '' };
  }
  const { method, url, headers, body = null } = step.request;
  const proxy = proxyOf(new URL(url));
  const dispatcher = dispatcherOf(proxy);
  try {
    const signal = AbortSignal.timeout(callMs);
    const response = await fetch(url, {
      method,
      headers,
      body: typeof body === 'string' ? body : null,
      redirect: 'error',
      signal,
      dispatcher,
    });
    const head = { status: response.status, headers: Object.fromEntries(response.headers), receivedAt: Date.now() };
    return { head, text: await response.text() };
  } catch (error) {
    // Only the origin is shown: the query may hold an access token.
    const way = proxy === undefined ? '' : ` through the proxy ${proxy.url}`;
    throw new LaunchError(`${new URL(url).origin} can't be reached${way} (${codeOf(error)}).`);
  } finally {
    void dispatcher.destroy();
  }
}

/** Makes the dispatcher for a proxy: Node's own `fetch` does not read proxies from the environment. */
function dispatcherOf(proxy: Proxy | undefined): Dispatcher {
  if (proxy === undefined) return new Agent();
  const token = proxy.authorization?.reveal();
  return new ProxyAgent({ uri: proxy.url, ...(token === undefined ? {} : { token }) });
}

function codeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return 'unknown error';
  const [, status] = /^Proxy response \((\d{3})\)/.exec(cause.message) ?? [];
  if (status !== undefined) return `the proxy answered with status ${status}`;
  return 'code' in cause ? String(cause.code) : cause.name;
}
