import { type Config, serviceLinksIn } from '@sluice/config';
import { providers } from '@sluice/providers';
import type { WantedPort } from './machine/ports.ts';

const loopback = '127.0.0.1';
const usualIngressManagementPort = 9463;

/**
 * Returns the ports on which a gateway with this configuration listens.
 *
 * `METRICS_PORT` is the management port of the process that has it in its environment. Under `npm start` it is the
 * worker's, and the ingress takes its default port or the next free one.
 */
export function wantedPorts(
  { server, worker, simulator, upstreams, demo }: Config,
  env: Readonly<Record<string, string | undefined>> = {},
): WantedPort[] {
  const isForBoth = (env['METRICS_PORT'] ?? '') !== '' && !serviceLinksIn(env).has('METRICS_PORT');
  const ports: WantedPort[] = [
    {
      purpose: 'the ingress, for clients',
      host: server.host,
      port: server.port,
      setting: 'PORT',
      hostSetting: 'HOST',
      need: server.isPortUsual ? 'npm_start' : 'must',
    },
    {
      purpose: `the ingress's management port${isForBoth ? ' under `npm start`' : ''}`,
      host: server.metricsHost,
      port: isForBoth ? usualIngressManagementPort : server.metricsPort,
      setting: 'server.metrics_port',
      hostSetting: 'METRICS_HOST',
      need: isForBoth || server.isMetricsPortUsual ? 'any' : 'must',
    },
    {
      purpose: isForBoth
        ? "the worker's management port, and that of an ingress that is started by itself"
        : "the worker's management port",
      host: worker.metricsHost,
      port: worker.metricsPort,
      setting: isForBoth ? 'METRICS_PORT' : 'worker.metrics_port',
      hostSetting: 'METRICS_HOST',
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

/** Removes duplicates: `METRICS_PORT` sets the management port of either process, each started with its own. */
const isFirstOfPort = ({ port, host }: WantedPort, at: number, all: readonly WantedPort[]): boolean =>
  port === 0 || all.findIndex((other) => other.port === port && other.host === host) === at;

/** The ports to which a browser brings the code during `npm run login`. */
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
