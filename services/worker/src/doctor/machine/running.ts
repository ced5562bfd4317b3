import { isObject, type JsonObject, membersOf } from '@sluice/protocol';
import { type Check, ok, warning } from '../check.ts';

/** A page of a program of Sluice, or of another program on its port. */
export type Page = JsonObject;

const answerMs = 2000;
const mebibyte = 1024 * 1024;
/** Part of a limit from which on the doctor warns. */
const crowded = 0.9;
/** Memory of an ingress that the system counts and `server.memory_limit_bytes` does not, in MiB. */
const programMb = 70;

/** Fetches a page of JSON; undefined for anything else. */
export async function fetchPage(url: string): Promise<Page | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(answerMs), redirect: 'error' });
    const body: unknown = await response.json();
    return isObject(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

/** Identifies programs of Sluice by the contents of their pages. */
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
 * @param containerBytes memory limit of the container
 */
export function judgeRunning(status: Page, containerBytes: number | undefined): Check[] {
  return [...judgeLoad(status), ...judgeReady(status), ...judgeMemory(status, containerBytes)];
}

function judgeLoad({ fleet, max_connections: places }: Page): Check[] {
  const running = numberIn(fleet, 'running_requests');
  const waiting = numberIn(fleet, 'waiting_requests') ?? 0;
  if (running === undefined || typeof places !== 'number') return [];
  const text = `${running} of ${places} requests run over all replicas, and ${waiting} wait.`;
  if (waiting === 0 && running < crowded * places) return [ok('running.load', text)];
  const advice = 'Raise limits.max_concurrent_requests (MAX_CONCURRENT_CONNECTIONS of z2api), and add workers.';
  return [warning('running.load', text, advice)];
}

const isAway = ({ redis, draining }: Page): boolean => redis === 'unreachable' || draining === true;

const judgeReady = (status: Page): Check[] =>
  isAway(status)
    ? [warning('running.ready', 'The ingress that runs here takes no requests: it drains, or Redis is away.')]
    : [];

/** Judges memory by the limit that is reached first: that of the container, or that of the setting. */
function judgeMemory(status: Page, containerBytes: number | undefined): Check[] {
  const { memory_usage_mb: usedMb, memory_limit_mb: settingMb } = status;
  if (typeof usedMb !== 'number') return [];
  const id = 'running.memory';
  const used = `The ingress that runs here uses ${usedMb} MiB of memory`;
  const containerMb = containerBytes === undefined ? Infinity : Math.floor(containerBytes / mebibyte);
  const advice = 'Raise server.memory_limit_bytes (MEMORY_LIMIT_MB of z2api), or add ingresses.';
  // Only memory degrades an ingress that is ready.
  if (status['status'] === 'degraded' && !isAway(status)) {
    return [warning(id, `${used} and refuses new requests: server.memory_limit_bytes is reached.`, advice)];
  }
  if (typeof settingMb === 'number' && settingMb + programMb <= containerMb) {
    const text = `${used}, ${programMb} of them for the program itself; server.memory_limit_bytes allows ${settingMb} besides.`;
    const isTight = usedMb - programMb > crowded * settingMb;
    return [isTight ? warning(id, text, advice) : ok(id, text)];
  }
  const text = `${used}${containerMb === Infinity ? '' : ` of ${containerMb}`}.`;
  return [usedMb > crowded * containerMb ? warning(id, text, 'Give the container more memory.') : ok(id, text)];
}

function numberIn(value: unknown, name: string): number | undefined {
  const found = membersOf(value)[name];
  return typeof found === 'number' ? found : undefined;
}
