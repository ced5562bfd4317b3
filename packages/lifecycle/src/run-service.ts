import { setTimeout as delay } from 'node:timers/promises';
import { shutdownTelemetry } from '@sluice/telemetry';
import { explainListen } from './listen-fault.ts';

/** A service as its process sees it. */
export interface Service {
  /** Ends it in order: takes nothing new, lets the rest finish within its own limit. Called once. */
  stop(reason: string): Promise<void>;
  /** Told of errors that nobody caught. After an exception the process drains and exits: its state can't be trusted. */
  onUncaught(error: unknown): void;
}

export interface RunServiceOptions {
  /** Resolves when the service is ready. */
  readonly start: () => Promise<Service>;
  /** Puts an error of the start into words for the operator. */
  readonly explain: (error: unknown) => string;
}

const exitCodes = { stopped: 0, failed: 1, killed: 130 } as const;
const flushTelemetryMs = 5000;
/** A start that is not through after this has served nobody, and what it waits for may never come. */
const startGraceMs = 1000;

/**
 * Gives a service its process: starts it, drains it on SIGTERM, SIGINT or the end of its supervisor, and exits. A second
 * signal exits at once. Under `npm start` the supervisor holds an IPC channel open and sets `SLUICE_SUPERVISED=1`: if it
 * dies, nobody else would ever stop this process.
 */
export function runService({ start, explain }: RunServiceOptions): void {
  let service: Service | undefined;
  let isStopping = false;
  let exitCode: number = exitCodes.stopped;

  function stop(reason: string): void {
    if (isStopping) process.exit(exitCodes.killed);
    isStopping = true;
    Promise.race([starting, delay(startGraceMs)])
      .then((started) => started?.stop(reason))
      .then(() => shutdownTelemetry(flushTelemetryMs))
      .then(() => process.exit(exitCode), giveUp);
  }

  function giveUp(error: unknown): void {
    process.stderr.write(`${explainListen(error) ?? explain(error)}\n`);
    process.exit(exitCodes.failed);
  }

  function onUncaught(error: unknown): void {
    if (service === undefined) giveUp(error);
    service?.onUncaught(error);
  }

  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (process.env['SLUICE_SUPERVISED'] === '1') process.on('disconnect', () => stop('supervisor gone'));
  process.on('unhandledRejection', onUncaught);
  process.on('uncaughtException', (error) => {
    onUncaught(error);
    exitCode = exitCodes.failed;
    if (!isStopping) stop('uncaught exception');
  });
  // Last: a signal that comes while it starts must find somebody at home.
  const starting = start();
  starting.then((started) => (service = started), giveUp);
}
