import type { Config, EffectiveSetting } from '@sluice/config';
import { providers } from '@sluice/providers';
import type { WantedPort } from './machine/ports.ts';

const loopback = '127.0.0.1';

/** The ports on which a gateway with this configuration listens. */
export function wantedPorts(
  { server, worker, upstreams, demo }: Config,
  settings: readonly EffectiveSetting[],
): WantedPort[] {
  const isChosen = (path: string): boolean =>
    settings.some((setting) => setting.path === path && !['default', 'profile'].includes(setting.origin.kind));
  const simulator = upstreams.find(({ id }) => demo && id === 'simulator');
  const ports: WantedPort[] = [
    {
      purpose: 'the ingress, for clients',
      host: server.host,
      port: server.port,
      setting: 'PORT',
      need: isChosen('server.port') ? 'must' : 'npm_start',
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
    ...(simulator === undefined
      ? []
      : [
          {
            purpose: 'the simulator',
            host: loopback,
            port: Number(new URL(simulator.baseUrl).port),
            setting: 'SIMULATOR_PORT',
            need: isChosen('SIMULATOR_PORT') ? 'must' : 'npm_start',
          } as const,
        ]),
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
