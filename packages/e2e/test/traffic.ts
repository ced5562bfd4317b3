import { readSse, type ServiceProcess, type SseAnswer, until } from '@sluice/testkit';
import { apiKey, ask, type Sluice } from './sluice.ts';

/** A chat request as it goes out, below what an SDK shows. */
export interface ChatOptions {
  /** With what the simulator is to do: `demo-t10-i5`. */
  readonly model: string;
  /** `rid=x` makes the answer's tokens `x.0 x.1 …`. */
  readonly content?: string;
  /** The ingress to ask; default: they take turns. */
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

/** Asks for a stream on a connection of its own; resolves with its head. */
export function openStream(sluice: Sluice, options: ChatOptions): Promise<SseAnswer> {
  const { url, ...rest } = outgoing(sluice, { ...options, fields: { stream: true, ...options.fields } });
  return readSse(url, rest);
}

/** The same, once the first bytes of the answer have arrived. */
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

/** A request whose client may leave at any time, before its answer begins too. */
export interface Leaver {
  /** Makes the client leave. Returns the time of that, in milliseconds since 1970. */
  leave(): number;
  /** Resolves when the client is done with it, however that was. */
  readonly over: Promise<unknown>;
}

/** Sends a streaming request and reads whatever comes, until the client leaves. */
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

/** Reads an answer that should be an error. */
export async function refusalOf(response: Response): Promise<Refused> {
  const { error } = (await response.json()) as { readonly error?: { readonly code: unknown; readonly type: unknown } };
  return { status: response.status, code: error?.code, type: error?.type, headers: response.headers };
}

/** The text of all deltas of a stream, and whether it ended as complete. */
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

/** The answer to `rid=…` from its first token on. */
export const tokensOf = (rid: string, count: number): string =>
  Array.from({ length: count }, (_, seq) => `${rid}.${seq} `).join('');

/** A process's metrics, rendered after this call: one rendering serves all who ask within a second. */
export async function freshPage(managementUrl: string): Promise<string> {
  const read = async (): Promise<string> => (await fetch(`${managementUrl}/metrics`)).text();
  const first = await read();
  let page = first;
  // Every rendering shows other figures of the process itself.
  await until(async () => (page = await read()) !== first, { what: 'the metrics to be rendered again' });
  return page;
}

/** A process's value on its metrics page, at most a second old; a metric with labels is summed up. */
export async function metric(managementUrl: string, name: string): Promise<number> {
  return metricOf(await (await fetch(`${managementUrl}/metrics`)).text(), name);
}

/** A metric on a page; one with labels is summed up. */
export function metricOf(page: string, name: string): number {
  const rows = page.split('\n').filter((row) => row.startsWith(`${name} `) || row.startsWith(`${name}{`));
  return rows.reduce((sum, row) => sum + Number(row.slice(row.lastIndexOf(' ') + 1)), 0);
}

/** Returns how many requests run and wait over all replicas, as an ingress that still lives sees it. */
export async function occupancy(sluice: Sluice, at = 0): Promise<{ running: number; waiting: number }> {
  const { managementUrl } = sluice.fleet.ingresses[at] ?? {};
  const { fleet } = (await (await fetch(`${managementUrl}/status`)).json()) as {
    readonly fleet: { readonly running_requests: number; readonly waiting_requests: number };
  };
  return { running: fleet.running_requests, waiting: fleet.waiting_requests };
}

/** Resolves when so many requests run and wait. */
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

/** The workers that have requests, the busiest first. */
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

/** The busiest worker, once there is one with a request. */
export const untilBusy = (sluice: Sluice): Promise<ServiceProcess> =>
  until(async () => (await busyWorkers(sluice))[0] ?? false, { what: 'a worker to have a request' });

/** Returns the number of calls that a credential, named `UPSTREAM-CREDENTIAL`, has got. */
export const callsOf = async ({ simulator }: Sluice, credential: string): Promise<number> =>
  (await simulator.stats()).byCredential[`tok-${credential}`]?.total ?? 0;
