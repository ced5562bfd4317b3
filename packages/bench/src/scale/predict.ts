/**
 * Measured inputs of the model. Times are CPU in µs, summed over all threads of a process; a request is a short whole answer.
 */
export interface Measured {
  /** All scripts and commands of a request in Redis. */
  readonly redisUs: number;
  /** The part of `redisUs` on keys with the hash tag `{admission}`, and so on one Redis node. */
  readonly admissionUs: number;
  readonly ingressUs: number;
  readonly workerUs: number;
  /** A token of a stream, written and read for itself. */
  readonly redisTokenUs: number;
  readonly ingressTokenUs: number;
  readonly workerTokenUs: number;
  /** An open stream without tokens, per second: heartbeats, and the renewals of its lease and its job's lock. */
  readonly redisRestUs: number;
  readonly ingressRestUs: number;
  readonly workerRestUs: number;
  /** The part of `redisRestUs` on the node of `{admission}`: the renewal of the lease. */
  readonly admissionRestUs: number;
  readonly ingressStreamKb: number;
  readonly workerStreamKb: number;
}

/** Limits of one process. */
export interface Room {
  /** Part of a core that a process may use, so that delays stay small. */
  readonly busy: number;
  /** Memory for streams, MB. */
  readonly memoryMb: number;
  /** File descriptors: a stream takes one in its ingress and one in its worker. */
  readonly descriptors: number;
}

export interface Load {
  readonly name: string;
  readonly requestsPerSecond: number;
  readonly openStreams: number;
  readonly tokensPerSecond: number;
}

/** Numbers of processes for a load, and what stops it. */
export interface Prediction {
  readonly load: Load;
  /** Cores that the keys of `{admission}` need; a Redis node has one. */
  readonly admissionCores: number;
  /** Redis nodes besides that of `{admission}`. */
  readonly redisNodes: number;
  readonly ingresses: number;
  readonly workers: number;
  /** `EXISTS` per second by which ingresses and workers watch each other: each side twice a second for each pair. */
  readonly livenessPerSecond: number;
  /** The first limit that more processes do not move; undefined = none. */
  readonly limit: 'admission' | undefined;
}

export const measuredHere: Measured = {
  redisUs: 143,
  admissionUs: 30,
  ingressUs: 257,
  workerUs: 315,
  redisTokenUs: 13,
  ingressTokenUs: 51,
  workerTokenUs: 66,
  redisRestUs: 2.5,
  ingressRestUs: 14,
  workerRestUs: 4,
  admissionRestUs: 0.3,
  ingressStreamKb: 80,
  workerStreamKb: 58,
};

export const room: Room = { busy: 0.7, memoryMb: 2048, descriptors: 60_000 };

export const loads: readonly Load[] = [
  { name: '1,000 requests/s', requestsPerSecond: 1000, openStreams: 0, tokensPerSecond: 0 },
  { name: '10,000 requests/s', requestsPerSecond: 10_000, openStreams: 0, tokensPerSecond: 0 },
  { name: '100,000 requests/s', requestsPerSecond: 100_000, openStreams: 0, tokensPerSecond: 0 },
  { name: '1 M streams at rest', requestsPerSecond: 0, openStreams: 1_000_000, tokensPerSecond: 0 },
  { name: '1 M streams, 1 token/s', requestsPerSecond: 0, openStreams: 1_000_000, tokensPerSecond: 1_000_000 },
];

/** Beats of a process per second, in each of which it looks for all processes of the other kind. */
const beatsPerSecond = 2;
const kbPerMb = 1024;

export function predict(load: Load, measured: Measured, { busy, memoryMb, descriptors }: Room): Prediction {
  const { requestsPerSecond, openStreams, tokensPerSecond } = load;
  const cores = (requestUs: number, tokenUs: number, restUs: number): number =>
    (requestsPerSecond * requestUs + tokensPerSecond * tokenUs + openStreams * restUs) / 1_000_000;
  const admissionCores = cores(measured.admissionUs, 0, measured.admissionRestUs);
  const redisCores = cores(measured.redisUs, measured.redisTokenUs, measured.redisRestUs) - admissionCores;
  const processes = (neededCores: number, streamKb: number): number =>
    Math.max(
      1,
      Math.ceil(neededCores / busy),
      Math.ceil((openStreams * streamKb) / kbPerMb / memoryMb),
      Math.ceil(openStreams / descriptors),
    );
  const ingressCores = cores(measured.ingressUs, measured.ingressTokenUs, measured.ingressRestUs);
  const workerCores = cores(measured.workerUs, measured.workerTokenUs, measured.workerRestUs);
  const ingresses = processes(ingressCores, measured.ingressStreamKb);
  const workers = processes(workerCores, measured.workerStreamKb);
  return {
    load,
    admissionCores,
    redisNodes: Math.ceil(redisCores / busy),
    ingresses,
    workers,
    livenessPerSecond: 2 * beatsPerSecond * ingresses * workers,
    limit: admissionCores > busy ? 'admission' : undefined,
  };
}

/** Returns the requests per second at which the node of `{admission}` is as busy as a process may be. */
export const admissionLimit = ({ admissionUs }: Measured, { busy }: Room): number => (busy * 1_000_000) / admissionUs;

/** Returns the predictions as a table in Markdown. */
export function scaleTable(predictions: readonly Prediction[]): string {
  const head = ['load', 'cores of {admission}', 'other Redis nodes', 'ingresses', 'workers', 'EXISTS/s', 'first limit'];
  const rows = predictions.map(({ load, ...found }) => [
    load.name,
    found.admissionCores.toFixed(2),
    ...[found.redisNodes, found.ingresses, found.workers, found.livenessPerSecond].map((count) =>
      count.toLocaleString('en-US'),
    ),
    found.limit ?? 'none',
  ]);
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
