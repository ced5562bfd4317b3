import { metricTable } from '@sluice/telemetry';
import { describe, expect, it } from 'vitest';
import { boards } from '../src/boards.ts';
import { dashboardOf } from '../src/grafana/dashboard.ts';
import { gapTargets, ttftTargets } from '../src/grafana/variables.ts';
import { problemsOf } from './promql.ts';
import { wordsOfTracing } from './repository.ts';

const panels = boards.flatMap((board) =>
  board.rows.flatMap((row) => row.panels.map((panel) => ({ board, row, panel, name: `${board.uid}: ${panel.title}` }))),
);
const queries = panels.flatMap(({ name, board, panel }) => panel.queries.map((query) => ({ name, board, query })));

describe('each board', () => {
  it('exists', () => {
    expect(boards.map(({ uid }) => uid)).toEqual([
      'sluice-overview',
      'sluice-queue',
      'sluice-upstreams',
      'sluice-spend',
      'sluice-traces',
      'sluice-fleet',
    ]);
    expect(panels.length).toBeGreaterThan(50);
  });

  it.each(panels.map(({ name, panel }) => [name, panel] as const))('describes the panel %s', (_, panel) => {
    expect(panel.description).toMatch(/^[A-Z0-9].+[.]$/);
    expect(panel.queries.length).toBeGreaterThan(0);
  });

  it('fills its rows without overlaps and holes', () => {
    for (const { uid, rows } of boards) {
      for (const row of rows) {
        let column = 0;
        for (const { width, title } of row.panels) {
          column += width;
          expect(column, `${uid}: ${title}`).toBeLessThanOrEqual(24);
          if (column === 24) column = 0;
        }
        expect(column, `${uid}: ${row.title}`).toBe(0);
      }
    }
  });

  it('has exactly the variables that it uses', () => {
    for (const board of boards) {
      const texts = board.rows.flatMap((row) =>
        row.panels.flatMap((panel) =>
          panel.queries.map((query) => (query.source === 'tempo' ? query.query : query.expr)),
        ),
      );
      const used = new Set(
        texts.flatMap((text) => Array.from(text.matchAll(/\$\{?(?!__)(\w+)/g), ([, name = '']) => name)),
      );
      expect([...used].sort(), board.uid).toEqual([...board.variables].sort());
    }
  });

  it('gives every target the type of its data source, and keeps the chosen values in links to other boards', () => {
    for (const board of boards) {
      const dashboard = dashboardOf(board);
      expect(dashboard.links?.[0]).toMatchObject({
        type: 'dashboards',
        tags: ['sluice'],
        includeVars: true,
        keepTime: true,
      });
      for (const panel of dashboard.panels ?? []) {
        if (!('targets' in panel)) continue;
        for (const target of panel.targets ?? []) {
          expect(target, panel.title).toHaveProperty(
            'datasource.type',
            expect.stringMatching(/^(prometheus|tempo|loki)$/),
          );
        }
      }
    }
  });
});

describe('PromQL', () => {
  const exprs = queries.flatMap(({ name, query }) =>
    query.source === 'prometheus' ? [[name, query.expr] as const] : [],
  );

  it.each(exprs)('of %s names existing metrics and labels', (_, expr) => {
    expect(problemsOf(expr)).toEqual([]);
  });

  it('does not sum gauges that have the same value in every replica', () => {
    const alike = Object.values(metricTable).filter(
      ({ kind, help }) => kind === 'gauge' && /take max|same from every/.test(help),
    );
    expect(alike.length).toBeGreaterThan(5);
    for (const [name, expr] of exprs) {
      for (const metric of alike) expect(expr, name).not.toMatch(new RegExp(`sum (by \\([^)]*\\) )?\\(${metric.name}`));
    }
  });

  it('shows every metric of Sluice on some board', () => {
    const shown = exprs.map(([, expr]) => expr).join('\n');
    const missing = Object.values(metricTable).filter(
      ({ name }) => !new RegExp(`\\b${name}(_bucket|_count)?\\b`).test(shown),
    );
    expect(missing.map(({ name }) => name)).toEqual([]);
  });
});

describe('targets', () => {
  it.each([
    ['ttft_target', ttftTargets, metricTable.timeToFirstToken.buckets],
    ['gap_target', gapTargets, metricTable.upstreamChunkGap.buckets],
  ])('%s are bounds of buckets, so that their share is exact', (_, targets, buckets) => {
    for (const target of targets) expect(buckets).toContain(Number(target));
  });
});

describe('TraceQL and LogQL', () => {
  it('read the logs of the fleet alone', () => {
    const exprs = queries.flatMap(({ query }) => (query.source === 'loki' ? [query.expr] : []));
    expect(exprs.length).toBeGreaterThan(3);
    for (const expr of exprs) expect(expr).toContain('{${logs_selector:raw}} |=');
    const traces = boards.filter(({ uid }) => uid === 'sluice-traces').map(dashboardOf);
    expect(traces[0]?.templating?.list).toContainEqual(
      expect.objectContaining({ type: 'textbox', name: 'logs_selector', query: 'service_name=~"sluice-.*"' }),
    );
  });

  const attributes = wordsOfTracing('Span', 3);
  const fields = wordsOfTracing('Field', 1);

  it('use attributes that spans have', () => {
    const asked = queries.flatMap(({ query }) =>
      query.source === 'tempo' ? Array.from(query.query.matchAll(/span\.([\w.]+)/g), ([, name = '']) => name) : [],
    );
    expect(asked.length).toBeGreaterThan(10);
    // Every failed span has this one: see docs/tracing.md, below the tree.
    for (const name of asked) if (name !== 'error.type') expect([...attributes]).toContain(name);
  });

  it('use fields that the log lines of requests have', () => {
    const asked = queries.flatMap(({ query }) => {
      if (query.source !== 'loki') return [];
      const [, pipeline = ''] = /\| json(.*)$/.exec(query.expr) ?? [];
      const filtered = Array.from(pipeline.matchAll(/\| (\w+)(?:=~|!=|=)/g), ([, name = '']) => name);
      const grouped = Array.from(query.expr.matchAll(/by \(([^)]+)\)/g), ([, names = '']) => names.split(', ')).flat();
      const unwrapped = Array.from(pipeline.matchAll(/unwrap (\w+)/g), ([, name = '']) => name);
      return [...filtered, ...grouped, ...unwrapped];
    });
    expect(asked.length).toBeGreaterThan(4);
    for (const name of asked) expect([...fields]).toContain(name);
  });
});
