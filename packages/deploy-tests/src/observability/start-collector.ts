import { freePort, startProcess } from '@sluice/testkit';
import { parse } from 'yaml';
import { z } from 'zod';
import { inRepository, readRepositoryFile } from '../repository.ts';

/** A collector with the committed configuration. */
export interface Collector {
  /** Variables with which a process sends its spans to this collector. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<unknown>;
}

export interface CollectorOptions {
  readonly binary: string;
  /** Receives the kept traces, as OTLP over HTTP with JSON. */
  readonly tracesEndpoint: string;
  /** Receives, in the same form, the spans that the pipeline of the service graph counts. */
  readonly graphEndpoint: string;
  readonly waitSeconds: number;
  readonly waitAfterRootSeconds: number;
}

/** Starts the real collector on free ports of 127.0.0.1. Only addresses and waits differ from the defaults of its file. */
export async function startCollector(options: CollectorOptions): Promise<Collector> {
  const [http, grpc, health] = [await freePort(), await freePort(), await freePort()];
  const { stop } = await startProcess({
    command: options.binary,
    args: [
      '--config',
      inRepository('deploy/otel/collector.yaml'),
      '--config',
      `yaml:${graphOverlay(options.graphEndpoint)}`,
    ],
    env: {
      OTLP_HTTP_LISTEN: `127.0.0.1:${http}`,
      OTLP_GRPC_LISTEN: `127.0.0.1:${grpc}`,
      HEALTH_LISTEN: `127.0.0.1:${health}`,
      TRACES_ENDPOINT: options.tracesEndpoint,
      TRACES_ENCODING: 'json',
      TAIL_SAMPLING_WAIT: `${options.waitSeconds}s`,
      TAIL_SAMPLING_WAIT_AFTER_ROOT: `${options.waitAfterRootSeconds}s`,
    },
    ready: async () => (await fetch(`http://127.0.0.1:${health}/`)).ok,
    readyTimeoutMs: 60_000,
  });
  return {
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${http}`, OTEL_BSP_SCHEDULE_DELAY: '500' },
    stop,
  };
}

const graphFile = z.object({
  processors: z.record(z.string(), z.unknown()),
  service: z.object({ pipelines: z.object({ 'traces/graph': z.record(z.string(), z.unknown()) }) }),
});

/**
 * Returns deploy/otel/service-graph.yaml with an exporter in place of its connector, which can't be built from public Go
 * modules. The exporter receives the connector's input.
 */
function graphOverlay(endpoint: string): string {
  const { processors, service } = graphFile.parse(parse(readRepositoryFile('deploy/otel/service-graph.yaml')));
  return JSON.stringify({
    processors,
    exporters: { 'otlphttp/graph': { endpoint, encoding: 'json' } },
    service: { pipelines: { 'traces/graph': { ...service.pipelines['traces/graph'], exporters: ['otlphttp/graph'] } } },
  });
}
