import { freePort, onFreePort } from '../processes/free-port.ts';
import type { RunningProcess } from '../processes/start-process.ts';
import { startNodeService } from './node-service.ts';
import { serviceCommand, type ServiceMode, type ServiceName } from './service-command.ts';

/** Options of one replica. */
export interface SpawnOptions {
  /** Content of `sluice.yaml`. */
  readonly config?: object;
  /** Overrides the variables set by default: HOST, LOG_LEVEL (debug), SLUICE_CONFIG and those of the ports. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Port of the ingress or simulator; default: a free one. */
  readonly port?: number;
  /** Management port; default: a free one. */
  readonly metricsPort?: number;
  /** Default `source`. */
  readonly mode?: ServiceMode;
  /** Default 20,000. */
  readonly readyTimeoutMs?: number;
}

/** A running simulator. */
export interface SimulatorProcess extends RunningProcess {
  /** URL without a path; an OpenAI client needs `/v1` after it. */
  readonly url: string;
}

/** A running ingress or worker. */
export interface ServiceProcess extends SimulatorProcess {
  /** URL for an ingress's clients, without a path; for a worker the same as `managementUrl`. */
  readonly url: string;
  /** URL of the management port, without a path: `/readyz`, `/health`, `/status` and `/metrics`, all without a key. */
  readonly managementUrl: string;
  /** URL of its metrics; their values may be a second old. */
  readonly metricsUrl: string;
}

/**
 * Runs one of our programs as a process on 127.0.0.1 and resolves when it is ready, that is when `/readyz` (for the simulator
 * `/_sim/stats`) answers 200.
 * @throws Error with its newest output when it ends before that or is not ready in time.
 */
export function spawnService(name: 'simulator', options?: SpawnOptions): Promise<SimulatorProcess>;
export function spawnService(name: 'ingress' | 'worker', options?: SpawnOptions): Promise<ServiceProcess>;
export async function spawnService(name: ServiceName, options: SpawnOptions = {}): Promise<ServiceProcess> {
  const port = name === 'worker' ? options.metricsPort : options.port;
  const run = async (port: number): Promise<ServiceProcess> => {
    const metricsPort = name === 'ingress' ? (options.metricsPort ?? (await freePort())) : port;
    return await runService({ name, options, port, metricsPort });
  };
  return port === undefined ? onFreePort(run) : run(port);
}

interface Run {
  readonly name: ServiceName;
  readonly options: SpawnOptions;
  readonly port: number;
  readonly metricsPort: number;
}

const portVariables = { ingress: 'PORT', worker: 'METRICS_PORT', simulator: 'SIMULATOR_PORT' } as const;
const readyPaths = { ingress: '/readyz', worker: '/readyz', simulator: '/_sim/stats' } as const;

async function runService({ name, options, port, metricsPort }: Run): Promise<ServiceProcess> {
  const { config, env = {}, mode = 'source', readyTimeoutMs } = options;
  const url = `http://127.0.0.1:${port}`;
  const managementUrl = `http://127.0.0.1:${metricsPort}`;
  const running = await startNodeService({
    args: serviceCommand(name, mode),
    config,
    env: {
      METRICS_PORT: String(metricsPort),
      [portVariables[name]]: String(port),
      HOST: '127.0.0.1',
      LOG_LEVEL: 'debug',
      ...env,
    },
    readyUrl: url + readyPaths[name],
    readyTimeoutMs,
    // Like Ctrl-C: after a SIGTERM a busy ingress waits for its load balancer.
    stopSignal: 'SIGINT',
  });
  return { ...running, url, managementUrl, metricsUrl: `${managementUrl}/metrics` };
}
