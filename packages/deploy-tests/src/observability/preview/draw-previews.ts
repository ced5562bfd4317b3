import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CollectedSpan } from '@sluice/testkit';
import { type BoardFile, fillIn, type PanelFile, type TargetFile } from '../boards.ts';
import { countLines, type LogLine, selectLines } from '../log-query.ts';
import type { Line, Prometheus } from '../start-prometheus.ts';
import { askSpans } from '../trace-query.ts';
import { type Content, drawPanel } from './drawn-panel.ts';
import { escapeText, type NamedLine } from './named-line.ts';

export interface PreviewOptions {
  readonly boards: readonly BoardFile[];
  readonly prometheus: Prometheus;
  readonly spans: readonly CollectedSpan[];
  readonly logLines: readonly LogLine[];
  /** Seconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly rateSeconds: number;
  /** Folder of the images. */
  readonly folder: string;
}

const columnPixels = 60;
const rowPixels = 28;
const head = 26;

/**
 * Draws an image of each board from the data of Prometheus, with Chromium: the positions and contents of its panels. It does
 * not use Grafana; panels with queries to Tempo or Loki are drawn from collected spans and log lines.
 *
 * @throws Error if Chromium is missing or draws nothing
 */
export async function drawPreviews(options: PreviewOptions): Promise<void> {
  for (const board of options.boards) {
    const bodies = await Promise.all(board.panels.map((panel) => drawn(panel, options)));
    const rows = Math.max(...board.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
    takeImage({
      html: page(board.title, bodies.join('')),
      width: 24 * columnPixels + 16,
      height: rows * rowPixels + 64,
      file: join(options.folder, `${board.uid}.png`),
    });
  }
}

async function drawn(panel: PanelFile, options: PreviewOptions): Promise<string> {
  const { x, y, w, h } = panel.gridPos;
  const box = `left:${x * columnPixels + 8}px;top:${y * rowPixels + 48}px;width:${w * columnPixels - 8}px;height:${h * rowPixels - 8}px`;
  if (panel.type === 'row') return `<h2 style="${box}">${escapeText(panel.title)}</h2>`;
  const found = await Promise.all((panel.targets ?? []).map((target) => ask(target, options)));
  const content: Content = {
    lines: found.flatMap(({ lines = [] }) => lines),
    rows: found.flatMap(({ rows = [] }) => rows),
    trace: found.flatMap(({ trace = [] }) => trace),
  };
  const frame = { width: w * columnPixels - 26, height: h * rowPixels - 16 - head, from: options.from, to: options.to };
  return `<section style="${box}"><h3>${escapeText(panel.title)}</h3>${drawPanel(panel, content, frame)}</section>`;
}

const stepSeconds = 5;

async function ask(target: TargetFile, options: PreviewOptions): Promise<Partial<Content>> {
  const { prometheus, spans, logLines, from, to, rateSeconds } = options;
  const range = { from, to, stepSeconds };
  const fill = (text = ''): string => fillIn(text, { rangeSeconds: Math.ceil(to - from), rateSeconds });
  const named = (lines: readonly Line[]): NamedLine[] =>
    lines.map((line) => ({ ...line, name: nameOf(line, target.legendFormat) }));
  switch (target.datasource.type) {
    case 'prometheus': {
      const expr = fill(target.expr);
      return {
        lines: named(
          target.instant === true
            ? await prometheus.instant(expr, to)
            : await prometheus.range(expr, { from, to, stepSeconds: 1 }),
        ),
      };
    }
    case 'tempo': {
      if (target.queryType !== 'traceql') return {};
      if (target.query === '$trace') return { trace: exampleTrace(spans) };
      const { lines, rows } = askSpans(fill(target.query), spans, range);
      return { lines: named(lines), rows };
    }
    case 'loki': {
      const expr = (target.expr ?? '').replace('$trace', exampleTrace(spans)[0]?.traceId ?? '');
      if (expr.startsWith('sum')) return { lines: named(countLines(expr, logLines, range)) };
      return {
        rows: selectLines(expr, logLines)
          .slice(-5)
          .map((line) => ({ line: JSON.stringify(line) })),
      };
    }
  }
}

/** Returns the spans of a resumed stream, as an example. */
function exampleTrace(spans: readonly CollectedSpan[]): CollectedSpan[] {
  const resumed = spans.find(({ attributes }) => attributes['sluice.resumptions'] === 1);
  return spans.filter(({ traceId }) => traceId === resumed?.traceId);
}

const nameOf = ({ labels }: Line, format = ''): string =>
  format === ''
    ? Object.values(labels).join(' ')
    : format.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => labels[label] ?? '');

const style = `
  body { margin: 0; background: #f4f5f7; font: 12px sans-serif; color: #24292f; position: relative }
  h1 { font-size: 18px; margin: 0; padding: 14px 12px 0 }
  h2, section { position: absolute; box-sizing: border-box; overflow: hidden; margin: 0 }
  h2 { font-size: 14px; padding: 4px 4px 0 }
  section { background: #fff; border: 1px solid #dde1e6; border-radius: 3px; padding: 6px 8px }
  h3 { font-size: 12px; margin: 0 0 6px; height: 14px }
  svg text { font: 10px sans-serif; fill: #57606a }
  .legend span { margin-right: 10px; font-size: 10px; white-space: nowrap; display: inline-block }
  .legend i { display: inline-block; width: 10px; height: 3px; margin-right: 4px; vertical-align: middle }
  .number { font-size: 30px; font-weight: 600; text-align: center; padding-top: 18px }
  .green { color: #2f8f5b } .orange { color: #c96a28 } .red { color: #b83a50 }
  .elsewhere { color: #8a929c; text-align: center; padding-top: 12% }
  pre { font: 10px monospace; margin: 0; white-space: pre-wrap; word-break: break-all; color: #57606a }
  table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: 2px 6px; border-bottom: 1px solid #e9ecef; font-size: 11px }`;

const page = (title: string, body: string): string =>
  `<!doctype html><meta charset="utf-8"><style>${style}</style><h1>${escapeText(title)}</h1>${body}`;

interface Image {
  readonly html: string;
  readonly width: number;
  readonly height: number;
  readonly file: string;
}

function takeImage({ html, width, height, file }: Image): void {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-preview-'));
  try {
    const source = join(folder, 'board.html');
    writeFileSync(source, html);
    const shot = spawnSync(
      'chromium',
      [
        '--headless=new',
        '--no-sandbox',
        '--disable-gpu',
        '--hide-scrollbars',
        `--user-data-dir=${join(folder, 'profile')}`,
        `--window-size=${width},${height}`,
        `--screenshot=${file}`,
        `file://${source}`,
      ],
      { encoding: 'utf8', timeout: 60_000 },
    );
    if (shot.status !== 0) throw new Error(`chromium drew no image: ${shot.error?.message ?? shot.stderr}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
