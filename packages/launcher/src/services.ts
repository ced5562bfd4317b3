import { join } from 'node:path';
import type { RollingFile } from '@sluice/telemetry/log-file';
import { Agent, fetch } from 'undici';
import { serviceArguments, serviceEnvironment, type ServiceName } from './bare/service-command.mjs';
import type { Terminal } from './bare/terminal.mjs';
import { askForAdminKey, keepAdminKey } from './admin-key.ts';
import { startChild } from './child.ts';
import { asRecord, readableLine } from './log-line.ts';
import type { StartContext } from './started.ts';
import { untilReady } from './until-ready.ts';

/** Time beyond the drain for flushing telemetry and closing connections. */
const graceBeyondDrainMs = 10_000;
const readyTimeoutMs = 30_000;
const probeTimeoutMs = 2000;

/** Connects directly. With `NODE_USE_ENV_PROXY` Node's `fetch` would use a proxy even for processes of this machine. */
const straight = new Agent();

/** Tells a service that this process writes `log.file`. */
const writesLogFile = { SLUICE_LOG_FILE_BY_LAUNCHER: '1' };

const readyPaths = { ingress: '/readyz', worker: '/readyz', simulator: '/_sim/stats' } as const;

/** One service to start, and the URL of its readiness check. */
export interface ServicePlan {
  readonly name: ServiceName;
  readonly env: NodeJS.ProcessEnv;
  /** As in `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly drainTimeoutMs: number;
}

export interface Stage {
  readonly root: string;
  /** Folder of the log files. */
  readonly logs: string;
  readonly terminal: Terminal;
  readonly context: StartContext;
  /** Hides the services' log lines on the terminal once all are ready. */
  readonly isQuiet: boolean;
  /** `log.file`, which gets the lines of all services as well. */
  readonly copy: Pick<RollingFile, 'write'> | undefined;
  /** Messages that the launcher has already shown; each service repeats them in its log, and the terminal hides them. */
  readonly known: ReadonlySet<string>;
}

/**
 * Starts all services at once and resolves when each of them is ready.
 *
 * @throws LaunchError when one dies or is not ready in time
 * @throws Interrupted when the person asks to stop
 */
export async function startServices(plans: readonly ServicePlan[], stage: Stage): Promise<void> {
  const { root, logs, terminal, context, isQuiet, copy, known } = stage;
  let isReady = false;
  const services = plans.map(({ name, env, url, drainTimeoutMs }) => {
    const logFile = join(logs, `${name}.log`);
    const child = startChild({
      name,
      file: process.execPath,
      args: serviceArguments({ root, name }),
      env: { ...serviceEnvironment({ root, env }), ...writesLogFile, ...(name === 'ingress' ? askForAdminKey : {}) },
      logFile,
      graceMs: drainTimeoutMs + graceBeyondDrainMs,
      isOurs: true,
      onMessage: (message) => keepAdminKey(message, { root, say: terminal.say }),
      onLine(line) {
        if (name !== 'simulator') copy?.write(asRecord(name, line));
        if (isReady && isQuiet) return;
        const { text, isUrgent, message } = readableLine(name, line, terminal.isColoured);
        if (message !== undefined && known.has(message)) return;
        if (isReady || isUrgent) terminal.say(text);
      },
    });
    context.register(child);
    return { name, logFile, child, readyUrl: url + readyPaths[name] };
  });
  const died = Promise.race(services.map(({ child }) => child.died));
  for (const { name, logFile, readyUrl } of services) {
    await terminal.step(`Starting the ${name}`, () =>
      untilReady({
        subject: `The ${name}`,
        isReady: () => answers(readyUrl),
        died,
        signal: context.signal,
        timeoutMs: readyTimeoutMs,
        log: logFile,
      }),
    );
  }
  isReady = true;
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { dispatcher: straight, signal: AbortSignal.timeout(probeTimeoutMs) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
