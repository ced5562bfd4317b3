import type { z } from 'zod';
import { logLevels } from '../config.ts';
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

/** A name or an IPv4 address; or an IPv6 address, which has two colons at least, perhaps with an interface (`fe80::1%eth0`). */
const hostPattern = /^(?:[A-Za-z0-9_][A-Za-z0-9_.-]*|(?:[0-9A-Fa-f.]*:){2,}[0-9A-Fa-f.]*(?:%[A-Za-z0-9_.-]+)?)$/;

/** An address to listen on. */
export const host = (): z.ZodString =>
  textLike(hostPattern, 'a host name or address, without a port and without brackets');

/** A host as clients name it. */
const calledHost = (): z.ZodString => textLike(/^[^\s/@]+$/, 'a host name or address');
export const logLevel = oneOf(logLevels);

const metricsPort = (usual: number): z.ZodOptional<z.ZodNumber> =>
  listenPort()
    .optional()
    .meta({ 'x-default': `${usual}, or any free one when that is taken` })
    .describe('Management port: probes, status in full and metrics, without a key. 0 takes any free one.');
const metricsHost = (): z.ZodDefault<z.ZodString> =>
  host()
    .default('127.0.0.1')
    .describe(
      'Address to listen on for the management port. `0.0.0.0` opens it to other machines; images of Sluice set it.',
    );

const cors = section({
  origins: listOf(webOrigin(), 'a list of origins')
    .default([])
    .describe(
      'Origins of these pages, such as `https://chat.example.com`; none by default. `*` lets pages of every origin call, with a key. A page that is listed by its name may also call without one, where `keys[].anonymous` allows that.',
    ),
});

export const server = across(
  section({
    port: listenPort()
      .optional()
      .meta({ 'x-default': '8080, or under `npm start` the next free one when that is taken' })
      .describe('Port that clients call. 0 takes any free one.'),
    host: host()
      .default('127.0.0.1')
      .describe('Address to listen on. `0.0.0.0` opens the port to other machines; images of Sluice set it.'),
    metrics_port: metricsPort(9463),
    metrics_host: metricsHost(),
    drain_timeout_ms: milliseconds(0)
      .default(120_000)
      .describe('After a stop signal, open answers may go on for so long; then they end with an error event.'),
    max_body_bytes: bytes()
      .default(20 * mebibyte)
      .describe('Largest request body, after decompression. A larger one is answered with 413.'),
    max_inflation_ratio: wholeNumber(1, 10_000)
      .default(20)
      .describe(
        'A compressed body may inflate to this many times its size, and to 1 MiB in any case. A body that inflates to more is refused with 413 at once.',
      ),
    body_budget_bytes: wholeNumber(1, undefined, 'bytes')
      .optional()
      .meta({ 'x-default': '256 MiB, or four times `max_body_bytes` if that is more' })
      .describe(
        'Bytes of request bodies that one process may hold at once, from before they are read until they lie in Redis. A request beyond it is refused with 503.',
      ),
    key_body_budget_bytes: wholeNumber(1, undefined, 'bytes')
      .optional()
      .meta({ 'x-default': 'a quarter of `body_budget_bytes`, or `max_body_bytes` if that is more' })
      .describe('The same for the requests of one client key. A request beyond it is refused with 429.'),
    large_body_bytes: bytes()
      .default(64 * 1024)
      .describe(
        'Before a larger body, a compressed body or one of unknown length is read, the limits of its key are checked. For smaller bodies they are checked once, after reading.',
      ),
    refused_bodies_per_minute: wholeNumber(1)
      .default(60)
      .describe(
        'This many of these larger bodies of one key may be read and then refused in a minute, half of them at once; each MiB counts as one. Further ones are refused with 429 unread.',
      ),
    wrong_keys_per_minute: wholeNumber(1)
      .default(600)
      .describe(
        'This many requests of one address get 401 for an invalid key in a minute, half of them at once; further ones get 429, are not logged, and their connection is closed.',
      ),
    max_connections: wholeNumber(1, 1_000_000)
      .default(10_000)
      .describe(
        'Connections of clients to one process at the same time. Further ones are closed when they open, and so are those that wait for a request.',
      ),
    keep_alive_ms: milliseconds(1000)
      .default(620_000)
      .describe(
        'A connection without a request is kept for so long. It must be longer than the load balancer in front keeps its own: see [load balancers](#load-balancers). At least 1000.',
      ),
    headers_timeout_ms: milliseconds(1000)
      .default(10_000)
      .describe('The headers of a request must have come after so long; otherwise it gets 408. At least 1000.'),
    request_timeout_ms: milliseconds(1000)
      .default(60_000)
      .describe(
        'The whole request, body included, must have come after so long; otherwise it gets 408. At least 1000.',
      ),
    max_pipelined_requests: wholeNumber(1, 1000)
      .default(32)
      .describe(
        'Requests of one connection that are under way at once. Further ones wait, and nothing more is read from that connection; the same happens while its client leaves 1 MiB of answers unread.',
      ),
    allowed_hosts: listOf(calledHost(), 'a list of host names')
      .default([])
      .describe(
        'Host names by which clients without a key may call, with or without a port; from pages of these hosts too. Loopback names, addresses and names without a dot always may. Only for `keys[].anonymous`.',
      ),
    memory_limit_bytes: wholeNumber(128 * mebibyte, undefined, 'bytes')
      .optional()
      .meta({ 'x-default': 'no limit' })
      .describe(
        'While the objects and buffers of one process take more memory than this, garbage aside, it refuses new requests to models with 503; those that run go on. The system counts some 70 MiB more for the program itself. At least 128 MiB.',
      ),
    public_status: flag()
      .default(false)
      .describe('Show `/health` and `/status` in full to everybody instead of to admin keys alone.'),
    cors: cors.prefault({}).describe('Web pages of other origins that may call from a browser.'),
    hold_ms: milliseconds(0)
      .default(10_000)
      .describe(
        "The status line waits so long for the upstream's first event, so that a failure is a real HTTP error.",
      ),
    heartbeat_ms: milliseconds()
      .default(10_000)
      .describe('After so much silence in a stream a comment is sent, so that nothing in between cuts it.'),
    pause_at_bytes: bytes()
      .default(mebibyte / 4)
      .describe('With so many bytes unsent to a client that reads slowly, its upstream is paused.'),
    slow_client_bytes: bytes()
      .default(4 * mebibyte)
      .describe('With so many bytes unsent for a second a client is given up; with four times as many at once.'),
    slow_client_ms: milliseconds()
      .default(30_000)
      .describe('A client that reads nothing for so long while bytes wait for it is given up.'),
    trust_proxy: flag()
      .default(false)
      .describe("Take the client's address from `x-forwarded-for`. Only behind a proxy that sets it itself."),
    public_models: flag()
      .default(false)
      .describe('List the models to clients without a key too. Chats and vectors need a key all the same.'),
    trust_trace_context: flag()
      .default(false)
      .describe(
        "Let a client's trace context decide whether its request is sampled, and pass its `tracestate` on. Otherwise only its trace id is used.",
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
export const usualConcurrency = 1000;

export const worker = section({
  metrics_port: metricsPort(9464),
  metrics_host: metricsHost(),
  drain_timeout_ms: milliseconds(0)
    .default(120_000)
    .describe('After a stop signal, running jobs may go on for so long; then they end with an error event.'),
  concurrency: wholeNumber(1, mostConcurrency)
    .default(usualConcurrency)
    .describe(
      'Jobs that one worker process runs at once; more wait. The default is that of `limits.max_concurrent_requests`: if that is raised, raise this too, or start more workers.',
    ),
  max_connections: wholeNumber(1)
    .optional()
    .meta({ 'x-default': 'as many as there are calls' })
    .describe('Connections of one process to one upstream at once; calls beyond wait for one.'),
  keep_alive_ms: milliseconds().default(30_000).describe('An idle connection to an upstream is kept for so long.'),
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
      'Queues over which the jobs are spread, so that Redis Cluster can keep them on several nodes. Must be the same in all processes.',
    ),
});

export const log = section({
  level: logLevel.default('info').describe('Least urgent lines that are written.'),
  file: someText('a path')
    .optional()
    .meta({ 'x-default': 'none' })
    .describe(
      '`npm start` appends the lines of all services to this file too. A path is relative to the folder of the repository. Services that run by themselves log to stdout alone.',
    ),
  retention_days: wholeNumber(1, 3650)
    .default(30)
    .describe('That file begins anew each day and at 10 MiB; older parts stay beside it for so many days.'),
});
