import { readSse, type ServiceProcess, type SseAnswer, until } from '@sluice/testkit';
import { apiKey, ask, type Sluice } from './sluice.ts';

/** A chat request as it is sent, one level below an SDK. */
export interface ChatOptions {
  /** Model with the simulator's directives: `demo-t10-i5`. */
  readonly model: string;
  /** `rid=x` makes the answer's tokens `x.0 x.1 …`. */
  readonly content?: string;
  /** Ingress for the request; default: requests alternate. */
  readonly at?: number;
  readonly key?: string;
  /** More fields of the body. */
  readonly fields?: object;
}

interface Outgoing {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function outgoing(sluice: Sluice, { model, content, at, key = apiKey, fields }: ChatOptions): Outgoing {
  return {
    url: `${sluice.url(at)}/chat/completions`,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...ask(model, content), ...fields }),
  };
}

/** Requests a stream on its own connection; resolves with its head. */
export function openStream(sluice: Sluice, options: ChatOptions): Promise<SseAnswer> {
  const { url, ...rest } = outgoing(sluice, { ...options, fields: { stream: true, ...options.fields } });
  return readSse(url, rest);
}

/** Requests a stream like {@link start}; resolves once the first bytes of the answer have arrived. */
export async function startedStream(sluice: Sluice, options: ChatOptions): Promise<SseAnswer> {
  const answer = await openStream(sluice, options);
  await answer.pieces().next();
  return answer;
}

/** Sends a request; resolves with the head of the answer. */
export function post(sluice: Sluice, options: ChatOptions & { readonly signal?: AbortSignal }): Promise<Response> {
  const { url, ...rest } = outgoing(sluice, options);
  return fetch(url, { method: 'POST', ...rest, ...(options.signal === undefined ? {} : { signal: options.signal }) });
}

/** A request whose client may leave at any time, even before its answer begins. */
export interface Leaver {
  /** Makes the client leave. Returns that time, in milliseconds since 1970. */
  leave(): number;
  /** Resolves when the request has ended for the client, in any way. */
  readonly over: Promise<unknown>;
}

/** Sends a streaming request and reads its answer until the client leaves. */
export function startLeaver(sluice: Sluice, options: ChatOptions): Leaver {
  const controller = new AbortController();
  const { signal } = controller;
  const request = post(sluice, { ...options, signal, fields: { stream: true, ...options.fields } });
  return {
    over: request.then((response) => response.text()).catch(() => undefined),
    leave() {
      const leftAt = Date.now();
      controller.abort();
      return leftAt;
    },
  };
}

/** An error answer as clients see it. */
export interface Refused {
  readonly status: number;
  readonly code: unknown;
  readonly type: unknown;
  readonly headers: Headers;
}

/** Reads an answer that must be an error. */
export async function refusalOf(response: Response): Promise<Refused> {
  const { error } = (await response.json()) as { readonly error?: { readonly code: unknown; readonly type: unknown } };
  return { status: response.status, code: error?.code, type: error?.type, headers: response.headers };
}

/** Returns the text of all deltas of a stream, and whether it ended as complete. */
export function readAnswer({ content }: SseAnswer): { text: string; isDone: boolean; errorCode: string | undefined } {
  let text = '';
  let errorCode: string | undefined;
  for (const { data } of content.events) {
    if (data === '[DONE]') continue;
    const event = JSON.parse(data) as {
      readonly choices?: readonly { readonly delta?: { readonly content?: string } }[];
      readonly error?: { readonly code: string };
    };
    text += event.choices?.[0]?.delta?.content ?? '';
    errorCode ??= event.error?.code;
  }
  return { text, isDone: content.events.at(-1)?.data === '[DONE]', errorCode };
}

/** Returns the answer to `rid=…` from its first token to its last. */
export const tokensOf = (rid: string, count: number): string =>
  Array.from({ length: count }, (_, seq) => `${rid}.${seq} `).join('');

/** Returns a process's metrics, rendered after this call: one rendering serves all requests within a second. */
export async function freshPage(managementUrl: string): Promise<string> {
  const read = async (): Promise<string> => (await fetch(`${managementUrl}/metrics`)).text();
  const first = await read();
  let page = first;
  // Every rendering shows different values of the process's own metrics.
  await until(async () => (page = await read()) !== first, { what: 'the metrics to be rendered again' });
  return page;
}

/** Returns a value of a process's metrics page, at most a second old; adds up a metric with labels. */
export async function metric(managementUrl: string, name: string): Promise<number> {
  return metricOf(await (await fetch(`${managementUrl}/metrics`)).text(), name);
}

/** Returns a metric of a page; adds up one with labels. */
export function metricOf(page: string, name: string): number {
  const rows = page.split('\n').filter((row) => row.startsWith(`${name} `) || row.startsWith(`${name}{`));
  return rows.reduce((sum, row) => sum + Number(row.slice(row.lastIndexOf(' ') + 1)), 0);
}

/** Returns the numbers of running and waiting requests over all replicas, as the first live ingress sees them. */
export async function occupancy(sluice: Sluice, at = 0): Promise<{ running: number; waiting: number }> {
  const { managementUrl } = sluice.fleet.ingresses[at] ?? {};
  const { fleet } = (await (await fetch(`${managementUrl}/status`)).json()) as {
    readonly fleet: { readonly running_requests: number; readonly waiting_requests: number };
  };
  return { running: fleet.running_requests, waiting: fleet.waiting_requests };
}

/** Resolves when this many requests run and wait. */
export async function untilOccupied(
  sluice: Sluice,
  wanted: { readonly running: number; readonly waiting: number; readonly at?: number },
): Promise<void> {
  await until(
    async () => {
      const { running, waiting } = await occupancy(sluice, wanted.at);
      return running === wanted.running && waiting === wanted.waiting;
    },
    { what: `${wanted.running} requests to run and ${wanted.waiting} to wait` },
  );
}

/** Returns the workers that have requests, the busiest first. */
export async function busyWorkers({ fleet }: Sluice): Promise<ServiceProcess[]> {
  const loads = await Promise.all(
    fleet.workers.map(async (worker) => ({
      worker,
      jobs: await metric(worker.url, 'sluice_worker_active_jobs').catch(() => 0),
    })),
  );
  return loads
    .filter(({ jobs }) => jobs > 0)
    .toSorted((a, b) => b.jobs - a.jobs)
    .map(({ worker }) => worker);
}

/** Returns the busiest worker, once one has a request. */
export const untilBusy = (sluice: Sluice): Promise<ServiceProcess> =>
  until(async () => (await busyWorkers(sluice))[0] ?? false, { what: 'a worker to have a request' });

/** Returns the number of calls that a credential, named `UPSTREAM-CREDENTIAL`, has received. */
export const callsOf = async ({ simulator }: Sluice, credential: string): Promise<number> =>
  (await simulator.stats()).byCredential[`tok-${credential}`]?.total ?? 0;
