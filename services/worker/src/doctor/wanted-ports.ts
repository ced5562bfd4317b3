import type { Config } from '@sluice/config';
import { providers } from '@sluice/providers';
import type { WantedPort } from './machine/ports.ts';

const loopback = '127.0.0.1';

/** The ports on which a gateway with this configuration listens. */
export function wantedPorts({ server, worker, simulator, upstreams, demo }: Config): WantedPort[] {
  const ports: WantedPort[] = [
    {
      purpose: 'the ingress, for clients',
      host: server.host,
      port: server.port,
      setting: 'PORT',
      need: server.isPortUsual ? 'npm_start' : 'must',
    },
    {
      purpose: "the ingress's management port",
      host: server.metricsHost,
      port: server.metricsPort,
      setting: 'server.metrics_port',
      need: server.isMetricsPortUsual ? 'any' : 'must',
    },
    {
      purpose: "the worker's management port",
      host: worker.metricsHost,
      port: worker.metricsPort,
      setting: 'worker.metrics_port',
      need: worker.isMetricsPortUsual ? 'any' : 'must',
    },
    ...(demo && !simulator.isElsewhere
      ? [
          {
            purpose: 'the simulator',
            host: loopback,
            port: simulator.port,
            setting: 'SIMULATOR_PORT',
            need: simulator.isPortUsual ? 'npm_start' : 'must',
          } as const,
        ]
      : []),
    ...loginPorts(upstreams),
  ];
  return ports.filter(isFirstOfPort);
}

/** `METRICS_PORT` stands for the management port of either process: each of them is started with its own. */
const isFirstOfPort = ({ port, host }: WantedPort, at: number, all: readonly WantedPort[]): boolean =>
  port === 0 || all.findIndex((other) => other.port === port && other.host === host) === at;

/** A browser brings its code there during `npm run login`. */
function loginPorts(upstreams: Config['upstreams']): WantedPort[] {
  const types = upstreams.flatMap(({ type, credentials }) =>
    credentials.some(({ tokens }) => tokens?.kind === 'login') ? [type] : [],
  );
  return [...new Set(types)].flatMap((type) => {
    const { login } = providers[type];
    if (login === undefined) return [];
    const { port } = login.callback;
    return [
      { purpose: '`npm run login`', host: loopback, port, setting: '--port of `npm run login`', need: 'must' } as const,
    ];
  });
}
