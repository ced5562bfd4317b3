import type { CollectedSpan } from '@sluice/testkit';
import type { PanelFile } from '../boards.ts';
import { colorOf, drawLines, drawTimeline, type Frame } from './draw-lines.ts';
import { drawTrace } from './draw-trace.ts';
import { formatValue } from './format-value.ts';
import { escapeText, type NamedLine } from './named-line.ts';

/** Results of a panel's queries. */
export interface Content {
  readonly lines: readonly NamedLine[];
  readonly rows: readonly Readonly<Record<string, string>>[];
  readonly trace: readonly CollectedSpan[];
}

/** Draws the content of a panel, as HTML. */
export function drawPanel(panel: PanelFile, { lines, rows, trace }: Content, frame: Frame): string {
  if (panel.type === 'nodeGraph') return note('made by the collector; this preview has none');
  if (lines.length + rows.length + trace.length === 0) return note('nothing to show');
  switch (panel.type) {
    case 'stat':
      return drawNumber(panel, lines, panel.fieldConfig?.defaults.unit);
    case 'table':
      return rows.length > 0 ? drawRows(rows) : drawTable(lines);
    case 'logs':
      return `<pre>${rows.map(({ line = '' }) => escapeText(line)).join('\n')}</pre>`;
    case 'traces':
      return drawTrace(trace, frame);
    case 'state-timeline':
      return drawTimeline(panel, lines, frame);
    default: {
      const legendHeight = lines.length > 4 ? 34 : 18;
      return drawLines(panel, lines, { ...frame, height: frame.height - legendHeight }) + legend(lines);
    }
  }
}

const note = (text: string): string => `<div class="elsewhere">${text}</div>`;

function drawRows(rows: readonly Readonly<Record<string, string>>[]): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const shown = rows
    .slice(-9)
    .map((row) => `<tr>${columns.map((column) => `<td>${escapeText(row[column] ?? '')}</td>`).join('')}</tr>`);
  return `<table><tr>${columns.map((column) => `<th>${escapeText(column.replace('span.sluice.', ''))}</th>`).join('')}</tr>${shown.join('')}</table>`;
}

function legend(lines: readonly NamedLine[]): string {
  const shown = lines
    .slice(0, 12)
    .map(({ name }, at) => `<span><i style="background:${colorOf(at)}"></i>${escapeText(name)}</span>`);
  const more = lines.length > shown.length ? `<span>and ${lines.length - shown.length} more</span>` : '';
  return `<div class="legend">${shown.join('')}${more}</div>`;
}

function drawNumber(panel: PanelFile, lines: readonly NamedLine[], unit: string | undefined): string {
  const value = lines[0]?.points.at(-1)?.[1] ?? 0;
  const steps = panel.fieldConfig?.defaults.thresholds?.steps ?? [];
  const color = steps.findLast((step) => step.value === null || value >= step.value)?.color ?? 'black';
  return `<div class="number ${color}">${formatValue(value, unit)}</div>`;
}

function drawTable(lines: readonly NamedLine[]): string {
  const columns = [...new Set(lines.flatMap(({ labels }) => Object.keys(labels)))];
  const rows = lines
    .map(({ labels, points }) => ({ labels, value: points.at(-1)?.[1] ?? 0 }))
    .toSorted((a, b) => b.value - a.value)
    .slice(0, 7)
    .map(
      ({ labels, value }) =>
        `<tr>${columns.map((column) => `<td>${escapeText(labels[column] ?? '')}</td>`).join('')}<td>${Math.round(value)}</td></tr>`,
    );
  return `<table><tr>${columns.map((column) => `<th>${column}</th>`).join('')}<th>Count</th></tr>${rows.join('')}</table>`;
}
