import type { ServiceName } from './bare/service-command.mjs';
import { choosePort } from './ports.ts';
import type { ServicePlan } from './services.ts';
import type { Listener, Settings } from './settings.ts';

/** The port of each service, and the ingress's management port. */
export type Ports = Readonly<Record<ServiceName | 'ingressManagement', number>>;

const loopback = '127.0.0.1';

/**
 * Finds a free port for each service, the default one if it is free.
 *
 * @param say called when a port other than the default is taken
 * @throws LaunchError when a port that the person chose is not free
 */
export async function choosePorts(
  { isDemo, ingress, ingressManagement, worker, simulator }: Settings,
  say: (text: string) => void,
): Promise<Ports> {
  const taken: number[] = [];
  const choose = async (name: string, listener: Listener): Promise<number> => {
    const port = await choosePort({ ...listener, taken });
    // Port 0 means any port, so no message is due.
    if (port !== listener.port && listener.port !== 0)
      say(`Port ${listener.port} is in use: the ${name} takes ${port} instead.`);
    taken.push(port);
    return port;
  };
  return {
    ingress: await choose('ingress', ingress),
    ingressManagement: await choose("ingress's management", ingressManagement),
    worker: await choose('worker', worker),
    // With configured upstreams no simulator is started, and one that a person runs may already use its port.
    simulator: isDemo ? await choose('simulator', simulator) : simulator.port,
  };
}

export interface PlanNeeds {
  /** The environment variables that the person set. */
  readonly env: NodeJS.ProcessEnv;
  readonly settings: Settings;
  readonly ports: Ports;
  /** Undefined when the services read it from the configuration. */
  readonly redisUrl: string | undefined;
  /** URL of a database that was started here; undefined when there is none, or the services read it from the configuration. */
  readonly databaseUrl: string | undefined;
  /** The generated client key, if the person set none. */
  readonly newApiKey: string | undefined;
  /** The generated SLUICE_SECRET_KEY, if one is needed and the person set none. */
  readonly newSecretKey: string | undefined;
}

/**
 * Returns the services to start, in order. They read the same file and environment as the launcher; only the values that
 * the launcher chose are added.
 */
export function planServices(needs: PlanNeeds): ServicePlan[] {
  const { env, settings, ports, redisUrl, databaseUrl, newApiKey, newSecretKey } = needs;
  const { ingress, worker, simulator } = settings;
  const common = {
    ...env,
    ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
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

/** Returns the URL of each service's metrics. */
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
