import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { type CollectedSpan, readTraces } from './read-traces.ts';

/** A receiver of the spans of any number of processes. */
export interface OtlpReceiver {
  readonly url: string;
  /** Environment with which a process sends its spans here, soon after their end. */
  readonly env: Readonly<Record<string, string>>;
  /** Returns all spans so far, in the order of arrival. */
  spans(): readonly CollectedSpan[];
  /** Cuts all connections and stops. */
  close(): Promise<void>;
}

/** Starts a receiver of OTLP over HTTP with JSON, by default on a free port of 127.0.0.1. */
export async function startOtlpReceiver({ host = '127.0.0.1', port = 0 } = {}): Promise<OtlpReceiver> {
  const spans: CollectedSpan[] = [];
  const server = createServer((request, response) => {
    void take(request, spans).then(({ status, answer }) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer));
    });
  });
  server.listen(port, host);
  await once(server, 'listening');
  const url = `http://${host}:${(server.address() as AddressInfo).port}`;
  return {
    url,
    env: {
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${url}/v1/traces`,
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '100',
    },
    spans: () => [...spans],
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

interface Reply {
  readonly status: number;
  readonly answer: object;
}

/** Takes the spans of one request, or refuses it with a reason for the sender's log. */
async function take(request: IncomingMessage, spans: CollectedSpan[]): Promise<Reply> {
  const { method, url, headers } = request;
  try {
    const body = await buffer(request);
    if (method !== 'POST' || url !== '/v1/traces') return refusal(404, `Only POST /v1/traces, not ${method} ${url}.`);
    if (!headers['content-type']?.startsWith('application/json')) {
      return refusal(415, 'Only JSON: set OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/json.');
    }
    const text = (headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString();
    spans.push(...readTraces(JSON.parse(text)));
    return { status: 200, answer: {} };
  } catch (error) {
    return refusal(400, `Not an export of traces: ${String(error)}`);
  }
}

function refusal(status: number, message: string): Reply {
  return { status, answer: { message } };
}
