import type { ServiceName } from './bare/service-command.mjs';
import { choosePort } from './ports.ts';
import type { ServicePlan } from './services.ts';
import type { Listener, Settings } from './settings.ts';

/** The port that each of them gets, and the ingress's second one. */
export type Ports = Readonly<Record<ServiceName | 'ingressManagement', number>>;

const loopback = '127.0.0.1';

/**
 * Finds a free port for each service, the usual one if it can be had.
 *
 * @param say told when another one had to be taken
 * @throws LaunchError when a port that the person chose is not free
 */
export async function choosePorts(
  { isDemo, ingress, ingressManagement, worker, simulator }: Settings,
  say: (text: string) => void,
): Promise<Ports> {
  const taken: number[] = [];
  const choose = async (name: string, listener: Listener): Promise<number> => {
    const port = await choosePort({ ...listener, taken });
    // Whoever asks for port 0 wants any.
    if (port !== listener.port && listener.port !== 0)
      say(`Port ${listener.port} is in use: the ${name} takes ${port} instead.`);
    taken.push(port);
    return port;
  };
  return {
    ingress: await choose('ingress', ingress),
    ingressManagement: await choose("ingress's management", ingressManagement),
    worker: await choose('worker', worker),
    // None is started beside configured upstreams, and one that a person runs may well be on its port.
    simulator: isDemo ? await choose('simulator', simulator) : simulator.port,
  };
}

export interface PlanNeeds {
  /** The environment variables that the person set. */
  readonly env: NodeJS.ProcessEnv;
  readonly settings: Settings;
  readonly ports: Ports;
  /** Undefined when the configuration names it. */
  readonly redisUrl: string | undefined;
  /** A key made here, for when the person set none. */
  readonly newApiKey: string | undefined;
  /** The same for SLUICE_SECRET_KEY. */
  readonly newSecretKey: string | undefined;
}

/**
 * Things to start, in order. The services read the same file and environment as the launcher did; only what it had to
 * choose is added.
 */
export function planServices(needs: PlanNeeds): ServicePlan[] {
  const { env, settings, ports, redisUrl, newApiKey, newSecretKey } = needs;
  const { ingress, worker, simulator } = settings;
  const common = {
    ...env,
    ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    ...(newApiKey === undefined ? {} : { SLUICE_API_KEYS: newApiKey }),
    ...(newSecretKey === undefined ? {} : { SLUICE_SECRET_KEY: newSecretKey }),
    ...(settings.isDemo ? { SIMULATOR_PORT: String(ports.simulator) } : {}),
  };
  const plan = (name: ServiceName, listener: Listener, extra: NodeJS.ProcessEnv): ServicePlan => ({
    name,
    env: { ...common, [listener.variable]: String(ports[name]), ...extra },
    url: `http://${reachable(listener.host)}:${ports[name]}`,
    drainTimeoutMs: listener.drainTimeoutMs,
  });
  return [
    ...(settings.isDemo ? [plan('simulator', simulator, { HOST: loopback })] : []),
    plan('worker', worker, {}),
    plan('ingress', ingress, { METRICS_PORT: String(ports.ingressManagement) }),
  ];
}

/** Address of each service's metrics. */
export function metricsPages({ ingressManagement, worker }: Settings, ports: Ports): string[] {
  const pageOf = ({ host }: Listener, port: number): string => `http://${reachable(host)}:${port}/metrics`;
  return [pageOf(ingressManagement, ports.ingressManagement), pageOf(worker, ports.worker)];
}

/** Returns the host at which this machine reaches a listener on `host`. */
export function reachable(host: string): string {
  if (isEveryAddress(host)) return loopback;
  return host.includes(':') ? `[${host}]` : host;
}

/** Returns whether other machines reach a listener on `host` at any address of this one. */
export const isEveryAddress = (host: string): boolean => host === '0.0.0.0' || host === '::' || host === '';
