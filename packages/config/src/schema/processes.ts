import type { z } from 'zod';
import { across, findReversed } from './across.ts';
import { webOrigin } from './web-origin.ts';
import {
  bytes,
  flag,
  listenPort,
  listOf,
  milliseconds,
  oneOf,
  section,
  someText,
  textLike,
  wholeNumber,
} from '@sluice/setting-types';

const mebibyte = 1024 * 1024;

/** A name, an IPv4 address, or an IPv6 address, which has at least two colons and may name an interface (`fe80::1%eth0`). */
const hostPattern = /^(?:[A-Za-z0-9_][A-Za-z0-9_.-]*|(?:[0-9A-Fa-f.]*:){2,}[0-9A-Fa-f.]*(?:%[A-Za-z0-9_.-]+)?)$/;

/** Returns the type of an address to listen on. */
export const host = (): z.ZodString =>
  textLike(hostPattern, 'a host name or address, without a port and without brackets');

/** Returns the type of a host as it stands in clients' `Host` header. */
const calledHost = (): z.ZodString => textLike(/^[^\s/@]+$/, 'a host name or address');
/** Type of a log level, from the most to the least verbose. */
export const logLevel = oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']);

const metricsPort = (usual: number): z.ZodOptional<z.ZodNumber> =>
  listenPort()
    .optional()
    .meta({ 'x-default': `${usual}, or any free port if that is taken` })
    .describe('Management port: probes, full status and metrics, without a key. 0 = any free port.');
const metricsHost = (): z.ZodDefault<z.ZodString> =>
  host()
    .default('127.0.0.1')
    .describe("Listen address of the management port. `0.0.0.0` opens it to other machines; Sluice's images set it.");

const cors = section({
  origins: listOf(webOrigin(), 'a list of origins')
    .default([])
    .describe(
      'Origins of these pages, such as `https://chat.example.com`; none by default. `*` lets pages of every origin call, with a key. A page whose origin is listed may also call without a key if `keys[].anonymous` allows that.',
    ),
});

export const server = across(
  section({
    port: listenPort()
      .optional()
      .meta({ 'x-default': '8080; under `npm start` the next free port if that is taken' })
      .describe('Port for clients. 0 = any free port.'),
    host: host()
      .default('127.0.0.1')
      .describe(
        "Listen address of the port for clients. `0.0.0.0` opens it to other machines; Sluice's images set it.",
      ),
    metrics_port: metricsPort(9463),
    metrics_host: metricsHost(),
    drain_timeout_ms: milliseconds(0)
      .default(120_000)
      .describe('Longest time that open answers continue after a stop signal; then they end with an error event.'),
    max_body_bytes: bytes()
      .default(20 * mebibyte)
      .describe('Largest request body, after decompression. A larger one gets 413.'),
    max_inflation_ratio: wholeNumber(1, 10_000)
      .default(20)
      .describe(
        'Largest ratio of the inflated size of a compressed body to its size; up to 1 MiB every ratio is allowed. A body that inflates to more gets 413 at once.',
      ),
    body_budget_bytes: wholeNumber(1, undefined, 'bytes')
      .optional()
      .meta({ 'x-default': '256 MiB, or four times `max_body_bytes` if that is more' })
      .describe(
        'Bytes of request bodies that one process may hold at once, from before a body is read until Redis has it. A request beyond it gets 503.',
      ),
    key_body_budget_bytes: wholeNumber(1, undefined, 'bytes')
      .optional()
      .meta({ 'x-default': 'a quarter of `body_budget_bytes`, or `max_body_bytes` if that is more' })
      .describe('The same for the requests of one client key. A request beyond it gets 429.'),
    large_body_bytes: bytes()
      .default(64 * 1024)
      .describe(
        "Size above which a body is large. The key's limits are checked before a large body, a compressed body or a body of unknown length is read; for other bodies they are checked once, after reading.",
      ),
    refused_bodies_per_minute: wholeNumber(1)
      .default(60)
      .describe(
        'Large bodies of one key that may be read and then refused in a minute, half of them at once; each MiB counts as one. Further ones get 429 unread.',
      ),
    wrong_keys_per_minute: wholeNumber(1)
      .default(600)
      .describe(
        'Requests of one address that are refused for an invalid key in a minute (401, or 403 where an admin key is needed), half of them at once. Further ones get 429 and are not logged, and their connection is closed.',
      ),
    max_connections: wholeNumber(1, 1_000_000)
      .default(10_000)
      .describe(
        'Connections of clients to one process at once. At this number, new connections and connections without a request are closed.',
      ),
    keep_alive_ms: milliseconds(1000)
      .default(620_000)
      .describe(
        'Time that a connection without a request is kept. It must be longer than the idle time of the load balancer in front: see [load balancers](#load-balancers). At least 1000.',
      ),
    headers_timeout_ms: milliseconds(1000)
      .default(10_000)
      .describe('Time in which the headers of a request must arrive; otherwise it gets 408. At least 1000.'),
    request_timeout_ms: milliseconds(1000)
      .default(60_000)
      .describe('Time in which the whole request, body included, must arrive; otherwise it gets 408. At least 1000.'),
    max_pipelined_requests: wholeNumber(1, 1000)
      .default(32)
      .describe(
        'Requests of one connection that are processed at once. Further ones wait, and the connection is not read meanwhile; it is not read either while its client leaves 1 MiB of answers unread.',
      ),
    allowed_hosts: listOf(calledHost(), 'a list of host names')
      .default([])
      .describe(
        'Host names, with or without a port, that the `Host` and `Origin` of requests without a key may name. Loopback names, addresses and names without a dot are always allowed. Only for `keys[].anonymous`.',
      ),
    memory_limit_bytes: wholeNumber(128 * mebibyte, undefined, 'bytes')
      .optional()
      .meta({ 'x-default': 'no limit' })
      .describe(
        'Memory for the objects and buffers of one process, garbage not counted. While it uses more, new requests to models get 503; running requests continue. The system counts some 70 MiB more for the program itself. At least 128 MiB.',
      ),
    public_status: flag()
      .default(false)
      .describe(
        'Shows the figures of `/health` and `/status` to all clients, not only to admin keys. Replicas, queue, upstreams and database stay with admin keys and the management port.',
      ),
    keep_answers_ms: milliseconds(60_000)
      .default(86_400_000)
      .describe(
        'Time for which an answer with `x-sluice-resume` or `Idempotency-Key` can be attached to again after its end. At least 60000.',
      ),
    docs: flag()
      .default(true)
      .describe(
        'Serves the OpenAPI document of the API, `/openapi.json`, and its pages `/docs` and `/redoc`, to all clients.',
      ),
    cors: cors.prefault({}).describe('Web pages of other origins that may call from a browser.'),
    hold_ms: milliseconds(0)
      .default(10_000)
      .describe(
        'Time that the status line waits for the first event of the upstream, so that a failure until then is an HTTP error.',
      ),
    heartbeat_ms: milliseconds()
      .default(10_000)
      .describe('Silence in a stream after which a comment is sent, so that proxies do not cut the stream.'),
    pause_at_bytes: bytes()
      .default(mebibyte / 4)
      .describe('Unsent bytes of a slow client at which its upstream is paused.'),
    slow_client_bytes: bytes()
      .default(4 * mebibyte)
      .describe(
        'Unsent bytes of a slow client at which it is disconnected: after a second, or at once with four times as many.',
      ),
    slow_client_ms: milliseconds()
      .default(30_000)
      .describe('Time without progress after which a client that has unsent bytes is disconnected.'),
    trust_proxy: flag()
      .default(false)
      .describe("Takes the client's address from `x-forwarded-for`. Only behind a proxy that sets this header itself."),
    public_models: flag()
      .default(false)
      .describe('Lists the models to clients without a key too. Chats and embeddings still need a key.'),
    trust_trace_context: flag()
      .default(false)
      .describe(
        "Lets a client's trace context decide whether its request is sampled, and passes its `tracestate` on. Otherwise only its trace id is used.",
      ),
  }),
  function* (value) {
    yield* findReversed({ value, lower: 'pause_at_bytes', upper: 'slow_client_bytes' });
    yield* findReversed({ value, lower: 'headers_timeout_ms', upper: 'request_timeout_ms' });
    yield* findReversed({ value, lower: 'max_body_bytes', upper: 'key_body_budget_bytes' });
    yield* findReversed({ value, lower: 'max_body_bytes', upper: 'body_budget_bytes' });
    yield* findReversed({ value, lower: 'key_body_budget_bytes', upper: 'body_budget_bytes' });
  },
);

export const mostConcurrency = 10_000;
export const usualConcurrency = 4096;

export const worker = section({
  metrics_port: metricsPort(9464),
  metrics_host: metricsHost(),
  drain_timeout_ms: milliseconds(0)
    .default(120_000)
    .describe('Longest time that running jobs continue after a stop signal; then they end with an error event.'),
  concurrency: wholeNumber(1, mostConcurrency)
    .default(usualConcurrency)
    .describe(
      'Jobs that one worker process runs at once, of each queue shard; further ones wait. The default is high on purpose: a worker takes no jobs while its event loop lags. Lower it to bound the memory of a worker, or to have KEDA start workers earlier.',
    ),
  max_connections: wholeNumber(1)
    .optional()
    .meta({ 'x-default': 'unlimited' })
    .describe('Connections of one process to one upstream at once; further calls wait for a connection.'),
  keep_alive_ms: milliseconds().default(30_000).describe('Time that an idle connection to an upstream is kept.'),
  max_event_bytes: bytes()
    .default(8 * mebibyte)
    .describe("Largest event in an upstream's stream. A larger one counts as a failure of the upstream."),
  max_body_bytes: bytes()
    .default(32 * mebibyte)
    .describe('Largest upstream answer in one piece. A larger one counts as a failure of the upstream.'),
});

export const queue = section({
  shards: wholeNumber(1, 64)
    .default(1)
    .describe(
      'Number of queues over which the jobs are spread, so that Redis Cluster can keep them on several nodes. Must be the same in all processes.',
    ),
});

export const log = section({
  level: logLevel.default('info').describe('Lowest level of lines that are written.'),
  file: someText('a path')
    .optional()
    .meta({ 'x-default': 'none' })
    .describe(
      'File to which the log lines are appended, besides stdout: by `npm start` those of all services, by a service that is started by itself its own. Several may have the same file. The path is relative to the working folder; `npm start` and `npm run` take that of the repository.',
    ),
  retention_days: wholeNumber(1, 3650)
    .default(30)
    .describe('Days for which parts of that file are kept. A new part begins each day and at 10 MiB.'),
});
