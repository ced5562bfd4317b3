import { type Check, ok, warning } from '../check.ts';

/** A page of a program of ours, or of whatever listens in its place. */
export type Page = Readonly<Record<string, unknown>>;

const answerMs = 2000;
const mebibyte = 1024 * 1024;
/** From this part of the limit on, requests begin to wait. */
const crowded = 0.9;

/** Fetches a page of JSON; undefined for anything else. */
export async function fetchPage(url: string): Promise<Page | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(answerMs), redirect: 'error' });
    const body: unknown = await response.json();
    return typeof body === 'object' && body !== null ? (body as Page) : undefined;
  } catch {
    return undefined;
  }
}

/** Tells our programs from others by what their pages hold. */
export async function recognise(host: string, port: number): Promise<string | undefined> {
  const base = baseUrl(host, port);
  const health = await fetchPage(`${base}/health`);
  if (health !== undefined && 'worker_id' in health) return 'a worker';
  if (health !== undefined && 'redis' in health && 'draining' in health) return 'an ingress';
  const stats = await fetchPage(`${base}/_sim/stats`);
  return stats === undefined ? undefined : 'the simulator';
}

export function baseUrl(host: string, port: number): string {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

/**
 * Judges the full status of a running ingress.
 *
 * @param memoryLimitBytes of the container
 */
export function judgeRunning(status: Page, memoryLimitBytes: number | undefined): Check[] {
  const { fleet, max_connections: places, memory_usage_mb: usedMb, redis, draining } = status;
  const checks: Check[] = [];
  const running = numberIn(fleet, 'running_requests');
  const waiting = numberIn(fleet, 'waiting_requests') ?? 0;
  if (running !== undefined && typeof places === 'number') {
    const text = `${running} of ${places} requests run over all replicas, and ${waiting} wait.`;
    const isCrowded = waiting > 0 || running >= crowded * places;
    checks.push(
      isCrowded
        ? warning(
            'running.load',
            text,
            'Raise limits.max_concurrent_requests (MAX_CONCURRENT_CONNECTIONS of z2api), and add workers.',
          )
        : ok('running.load', text),
    );
  }
  if (redis === 'unreachable' || draining === true) {
    checks.push(warning('running.ready', 'The ingress that runs here takes no requests: it drains, or Redis is away.'));
  }
  if (typeof usedMb === 'number') {
    const limitMb = memoryLimitBytes === undefined ? undefined : Math.floor(memoryLimitBytes / mebibyte);
    const text = `The ingress that runs here uses ${usedMb} MiB of memory${limitMb === undefined ? '' : ` of ${limitMb}`}.`;
    const isTight = limitMb !== undefined && usedMb > crowded * limitMb;
    checks.push(
      isTight ? warning('running.memory', text, 'Give the container more memory.') : ok('running.memory', text),
    );
  }
  return checks;
}

function numberIn(value: unknown, name: string): number | undefined {
  const found: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  return typeof found === 'number' ? found : undefined;
}
