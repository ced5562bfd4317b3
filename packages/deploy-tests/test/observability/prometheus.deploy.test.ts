import { type OtlpReceiver, startOtlpReceiver, until } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fillIn, readBoards } from '../../src/observability/boards.ts';
import { countLines, type LogLine, readLog, selectLines } from '../../src/observability/log-query.ts';
import { runLoad } from '../../src/observability/load.ts';
import { drawPreviews } from '../../src/observability/preview/draw-previews.ts';
import { type Scene, startScene } from '../../src/observability/scene.ts';
import { type Prometheus, startPrometheus } from '../../src/observability/start-prometheus.ts';
import { findTool } from '../../src/observability/tools.ts';
import { askSpans } from '../../src/observability/trace-query.ts';
import { isMissing } from '../../src/wanted-tool.ts';

const binary = findTool('prometheus');
const loadSeconds = 100;
const rateSeconds = 15;

const boards = readBoards();
const asked = (type: 'tempo' | 'loki') =>
  boards.flatMap((board) =>
    board.panels.flatMap((panel) =>
      (panel.targets ?? [])
        .filter(({ datasource }) => datasource.type === type)
        .map((target) => ({ name: `${board.uid}: ${panel.title}, ${target.refId}`, target })),
    ),
  );
const targets = boards.flatMap((board) =>
  board.panels.flatMap((panel) =>
    (panel.targets ?? [])
      .filter(({ datasource }) => datasource.type === 'prometheus')
      .map((target) => [`${board.uid}: ${panel.title}, ${target.refId}`, panel, target] as const),
  ),
);
/** Panels whose events the load does not cause reliably; each panel explains when it is empty. */
const mayBeEmpty = new Set([
  'Jobs refused by workers',
  'Dropped frames',
  'Costs that a provider tells otherwise',
  'Lost and refused entries',
]);

const tracesAsked = asked('tempo').filter(({ target }) => target.queryType === 'traceql' && target.query !== '$trace');
const logsAsked = asked('loki').filter(({ target }) => target.expr?.includes('$trace') === false);

let spans: OtlpReceiver;
let scene: Scene;
let prometheus: Prometheus;
let from: number;
let to: number;
let alertsSeen: ReadonlySet<string>;

const seconds = (): number => Date.now() / 1000;

describe.skipIf(isMissing('prometheus', binary !== undefined))('a real Prometheus, under a load with faults', () => {
  beforeAll(async () => {
    spans = await startOtlpReceiver();
    prometheus = await startPrometheus(binary ?? '');
    scene = await startScene({ env: spans.env });
    prometheus.scrape(scene.targets());
    await until(async () => (await prometheus.instant('sum(up) == 4')).length > 0, {
      what: 'four scrapes',
      timeoutMs: 30_000,
    });
    from = seconds();
    const watch = watchAlerts();
    await runLoad(scene, { seconds: loadSeconds, onReplaced: () => prometheus.scrape(scene.targets()) });
    // Excludes the tail of the load: some requests wait long after the last one was sent.
    to = from + loadSeconds;
    alertsSeen = await watch.stop();
    const folder = process.env['BOARD_PREVIEWS'];
    if (folder !== undefined) {
      await drawPreviews({
        boards,
        prometheus,
        spans: spans.spans(),
        logLines: logLines(),
        from,
        to,
        rateSeconds,
        folder,
      });
    }
  });

  afterAll(async () => {
    await scene?.stop();
    await prometheus?.stop();
    await spans?.close();
  });

  /** The newest lines of the ingresses; a process keeps a megabyte of them. */
  const logLines = (): LogLine[] => scene.fleet.ingresses.flatMap((ingress) => readLog(ingress.output()));

  /** Records which alerts are pending or firing at any time. */
  function watchAlerts(): { stop(): Promise<Set<string>> } {
    const seen = new Set<string>();
    const look = async (): Promise<void> => {
      for (const { name, state } of await prometheus.alerts()) if (state !== 'inactive') seen.add(name);
    };
    const timer = setInterval(() => void look().catch(() => undefined), 2000);
    return {
      async stop() {
        clearInterval(timer);
        await look();
        return seen;
      },
    };
  }

  it('has scraped all replicas without an error, in OpenMetrics', async () => {
    const up = await prometheus.range('min by (job) (avg_over_time(up[10s]))', { from: to - 5, to, stepSeconds: 5 });
    expect(up.map(({ labels }) => labels['job'] ?? '').sort()).toEqual(['sluice-ingress', 'sluice-worker']);
    const ingresses = await prometheus.instant('count(sluice_open_streams)', to);
    expect(ingresses[0]?.points[0]?.[1]).toBe(2);
  });

  it.each(targets)("answers the panel's query: %s", async (_, panel, target) => {
    const expr = fillIn(target.expr ?? '', { rangeSeconds: Math.ceil(to - from), rateSeconds });
    const lines =
      target.instant === true
        ? await prometheus.instant(expr, to)
        : await prometheus.range(expr, { from, to, stepSeconds: 5 });
    if (mayBeEmpty.has(panel.title)) expect(panel.description).toContain('Empty while');
    else expect(lines.length, expr).toBeGreaterThan(0);
  });

  it('answers the queries of the variables', async () => {
    for (const [metric, label, wanted] of [
      ['sluice_requests_total', 'model', ['broken', 'demo*', 'flaky*', 'limited*', 'none']],
      ['sluice_upstream_attempts_total', 'upstream', ['broken', 'flaky', 'limited', 'main']],
      ['sluice_key_requests_total', 'key', ['none', 'team-a', 'team-b', 'team-c']],
    ] as const) {
      const lines = await prometheus.instant(`count by (${label}) (${metric})`, to);
      expect(lines.map(({ labels }) => labels[label] ?? '').sort()).toEqual([...wanted]);
    }
  });

  it.each([
    'gen_ai_server_time_to_first_token_seconds_bucket',
    'gen_ai_server_request_duration_seconds_bucket',
    'gen_ai_server_time_per_output_token_seconds_bucket',
    'sluice_admission_wait_seconds_bucket',
    'sluice_queue_wait_seconds_bucket',
    'sluice_upstream_chunk_gap_seconds_bucket',
  ])('has exemplars of %s that lead to existing traces', async (metric) => {
    const ids = await prometheus.exemplars(metric, { from, to });
    expect(ids.length).toBeGreaterThan(0);
    const sent = new Set(spans.spans().map(({ traceId }) => traceId));
    expect(ids.some((id) => sent.has(id))).toBe(true);
    // An overloaded machine loses spans; the log line of the request names its trace nevertheless.
    const known = new Set([...sent, ...logLines().map((line) => line['trace_id'])]);
    for (const id of ids) expect(known).toContain(id);
  });

  it.each(tracesAsked.map(({ name, target }) => [name, target.query ?? ''] as const))(
    'sends spans with what TraceQL asks for: %s',
    (_, query) => {
      const range = { from, to, stepSeconds: 5 };
      const filled = fillIn(query, { rangeSeconds: Math.ceil(to - from), rateSeconds });
      const { spans: selected, lines, rows } = askSpans(filled, spans.spans(), range);
      expect(selected.length, filled).toBeGreaterThan(0);
      expect(lines.length + rows.length).toBeGreaterThan(0);
      // Every field that is shown or grouped by has a value on some span.
      const shown = [...rows, ...lines.map(({ labels }) => labels)];
      for (const field of new Set(shown.flatMap((labels) => Object.keys(labels)))) {
        expect(
          shown.some((labels) => !['', 'nil'].includes(labels[field] ?? '')),
          field,
        ).toBe(true);
      }
      for (const { points } of lines) for (const [, value] of points) expect(value).not.toBeNaN();
    },
  );

  it.each(logsAsked.map(({ name, target }) => [name, target.expr ?? ''] as const))(
    'writes lines with what LogQL asks for: %s',
    (_, expr) => {
      expect(selectLines(expr, logLines()).length, expr).toBeGreaterThan(0);
      if (!expr.startsWith('sum')) return;
      const lines = countLines(expr, logLines(), { from, to, stepSeconds: 5 });
      expect(lines.map(({ labels }) => labels['key_name'])).toContain('team-a');
      expect(lines.some(({ points }) => points.some(([, value]) => value > 0))).toBe(true);
    },
  );

  it('finds the log lines of a trace by its id', () => {
    const traceId = logLines().find(({ outcome }) => outcome === 'complete')?.['trace_id'];
    const [panel] = asked('loki').filter(({ target }) => target.expr?.includes('$trace') === true);
    const expr = (panel?.target.expr ?? '').replace('$trace', String(traceId));
    expect(selectLines(expr, logLines())).toHaveLength(1);
    expect(spans.spans().map((span) => span.traceId)).toContain(traceId);
  });

  it('accepts the rules, and finds a value for every alert', async () => {
    const alerts = await prometheus.alerts();
    expect(alerts.length).toBeGreaterThanOrEqual(12);
    for (const { name, health, query } of alerts) {
      expect(health, name).toBe('ok');
      // With `bool` a comparison gives 0 or 1 wherever both sides have a value.
      const asked = query.replaceAll(/(>|==) ([\d.]+)(?=$| and )/g, '$1 bool $2');
      expect(asked, name).not.toBe(query);
      expect((await prometheus.instant(asked, to)).length, asked).toBeGreaterThan(0);
    }
  });

  it('raises the alerts that the load causes', () => {
    for (const name of [
      'SluiceErrorBudgetBurnsFast',
      'SluiceCircuitOpen',
      'SluiceCredentialPoolDry',
      'SluiceWorkersLost',
    ]) {
      expect([...alertsSeen], name).toContain(name);
    }
    for (const name of ['SluiceRedisAway', 'SluiceNoWorkers', 'SluiceRedisMemoryFull']) {
      expect([...alertsSeen], name).not.toContain(name);
    }
  });
});
