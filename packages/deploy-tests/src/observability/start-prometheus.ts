import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startProcess } from '@sluice/testkit';
import { z } from 'zod';
import { inRepository } from '../repository.ts';

/** Processes to scrape, by job. */
export type Targets = Readonly<Record<string, readonly string[]>>;

/** A series and its values: pairs of seconds since 1970 and a number. */
export interface Line {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [number, number])[];
}

/** A Prometheus that scrapes once a second, with the committed rules. */
export interface Prometheus {
  readonly url: string;
  /** Sets the targets to scrape. */
  scrape(targets: Targets): void;
  /** Values at one time, by default now; leaves out values that are not numbers. */
  instant(expr: string, atSeconds?: number): Promise<Line[]>;
  range(
    expr: string,
    range: { readonly from: number; readonly to: number; readonly stepSeconds: number },
  ): Promise<Line[]>;
  /** Trace ids of the exemplars of a histogram. */
  exemplars(metric: string, range: { readonly from: number; readonly to: number }): Promise<string[]>;
  /** State and health of each alert. */
  alerts(): Promise<
    { readonly name: string; readonly state: string; readonly health: string; readonly query: string }[]
  >;
  stop(): Promise<void>;
}

const pair = z.tuple([z.number(), z.string()]);
const seriesShape = z.object({
  metric: z.record(z.string(), z.string()).default({}),
  value: pair.optional(),
  values: z.array(pair).optional(),
});
const answerShape = z.object({
  status: z.literal('success'),
  data: z.object({ resultType: z.string(), result: z.union([z.array(seriesShape), pair]) }),
});
const exemplarShape = z.object({
  data: z.array(z.object({ exemplars: z.array(z.object({ labels: z.record(z.string(), z.string()) })) })),
});
const rulesShape = z.object({
  data: z.object({
    groups: z.array(
      z.object({
        rules: z.array(
          z.object({
            type: z.string(),
            name: z.string(),
            state: z.string().default(''),
            health: z.string(),
            query: z.string(),
          }),
        ),
      }),
    ),
  }),
});

/** Starts the real Prometheus on a free port of 127.0.0.1, with its data in a temporary folder. */
export async function startPrometheus(binary: string): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-prometheus-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const configFile = join(folder, 'prometheus.yml');
  const targetsFile = join(folder, 'targets.json');
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [inRepository('deploy/prometheus/rules.yaml')],
    scrape_configs: [{ job_name: 'sluice', file_sd_configs: [{ files: [targetsFile], refresh_interval: '1s' }] }],
  };
  const scrape = (targets: Targets): void =>
    writeFileSync(
      targetsFile,
      JSON.stringify(Object.entries(targets).map(([job, list]) => ({ targets: list, labels: { job } }))),
    );
  scrape({});
  writeFileSync(configFile, JSON.stringify(config));
  const running = await startProcess({
    command: binary,
    args: [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=exemplar-storage',
      '--log.level=warn',
    ],
    ready: async () => (await fetch(`${url}/-/ready`)).ok,
    readyTimeoutMs: 60_000,
  });

  async function get(path: string, parameters: Readonly<Record<string, string | number>> = {}): Promise<unknown> {
    const body = new URLSearchParams(
      Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)]),
    );
    const response = await fetch(`${url}/api/v1/${path}?${body.toString()}`);
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${path} ${body.get('query') ?? ''}: ${JSON.stringify(answer)}`);
    return answer;
  }

  function linesOf(answer: unknown): Line[] {
    const { data } = answerShape.parse(answer);
    const found = data.resultType === 'scalar' ? [] : z.array(seriesShape).parse(data.result);
    return found
      .map(({ metric, value, values = [] }) => ({
        labels: metric,
        points: [...(value === undefined ? [] : [value]), ...values]
          .map(([at, text]) => [at, Number(text)] as const)
          .filter(([, number]) => Number.isFinite(number)),
      }))
      .filter(({ points }) => points.length > 0);
  }

  return {
    url,
    scrape,
    instant: async (query, time = Date.now() / 1000) => linesOf(await get('query', { query, time })),
    range: async (query, { from, to, stepSeconds }) =>
      linesOf(await get('query_range', { query, start: from, end: to, step: stepSeconds })),
    async exemplars(query, { from, to }) {
      const { data } = exemplarShape.parse(await get('query_exemplars', { query, start: from, end: to }));
      return data.flatMap(({ exemplars }) => exemplars.flatMap(({ labels }) => labels['trace_id'] ?? []));
    },
    async alerts() {
      const { data } = rulesShape.parse(await get('rules'));
      return data.groups.flatMap(({ rules }) => rules).filter(({ type }) => type === 'alerting');
    },
    async stop() {
      await running.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
