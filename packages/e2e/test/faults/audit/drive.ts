import { apiKey } from '../../sluice.ts';
import type { AuditRequest } from './requests.ts';

/** View that the client of a request had of it. */
export interface Driven {
  readonly request: AuditRequest;
  /** Status of the answer; undefined if the connection broke or the client left before one. */
  readonly status: number | undefined;
  readonly code: string | undefined;
}

export interface DriveOptions {
  readonly requests: readonly AuditRequest[];
  /** Requests at once. */
  readonly concurrency: number;
  /** Returns the URL of an ingress for the next request. */
  readonly nextUrl: () => string;
  /** Called after each request. */
  readonly onDone: (done: number) => void;
}

/** Sends all requests. Never rejects because of one of them. */
export async function drive({ requests, concurrency, nextUrl, onDone }: DriveOptions): Promise<readonly Driven[]> {
  const driven: Driven[] = [];
  const waiting = requests.values();
  const sendNext = async (): Promise<void> => {
    for (const request of waiting) {
      driven.push(await send(nextUrl(), request));
      onDone(driven.length);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, sendNext));
  return driven;
}

async function send(url: string, request: AuditRequest): Promise<Driven> {
  const { leaves, rid, path, body } = request;
  const controller = new AbortController();
  const leave = (): void => controller.abort();
  const timer = leaves?.afterEvents === 0 ? setTimeout(leave, leaves.afterMs) : undefined;
  let status: number | undefined;
  let text = '';
  try {
    const response = await fetch(`${url}/v1${path}`, {
      method: 'POST',
      signal: controller.signal,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'x-session-id': rid },
      body: JSON.stringify(body),
    });
    status = response.status;
    for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      text += Buffer.from(piece).toString('latin1');
      if (leaves !== undefined && text.split('\n\n').length > leaves.afterEvents) leave();
    }
  } catch {
    // The client has left, or the ingress was killed.
  }
  clearTimeout(timer);
  return { request, status, code: /"code":"(\w+)"/.exec(status === 200 ? '' : text)?.[1] };
}
