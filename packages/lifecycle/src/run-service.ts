import { setTimeout as delay } from 'node:timers/promises';
import { shutdownTelemetry } from '@sluice/telemetry';
import { LogFileError } from '@sluice/telemetry/log-file';
import { explainListen } from './listen-fault.ts';

/** A service, as seen by its process. */
export interface Service {
  /** Drains the service: takes nothing new, lets running work finish within the service's own limit. Called once. */
  stop(reason: string): Promise<void>;
  /** Called with uncaught errors. After an exception the process drains and exits, because its state is unreliable. */
  onUncaught(error: unknown): void;
}

export interface RunServiceOptions {
  /** Resolves when the service is ready. */
  readonly start: () => Promise<Service>;
  /** Returns the operator's message for an error of the start. */
  readonly explain: (error: unknown) => string;
}

const exitCodes = { stopped: 0, failed: 1, killed: 130 } as const;
const flushTelemetryMs = 5000;
/** Time (ms) that a stop waits for an unfinished start, which has served no request and may never finish. */
const startGraceMs = 1000;

/**
 * Runs a service as a process: starts it, drains it on SIGTERM, SIGINT or the end of its supervisor, and exits. A
 * second signal exits at once. Under `npm start` the supervisor holds an IPC channel open and sets
 * `SLUICE_SUPERVISED=1`: after the supervisor's death, only this process can stop itself.
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
    process.stderr.write(
      `${explainListen(error) ?? (error instanceof LogFileError ? error.message : explain(error))}\n`,
    );
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
  // Starts the service last: a signal during the start needs the handlers above.
  const starting = start();
  starting.then((started) => (service = started), giveUp);
}
