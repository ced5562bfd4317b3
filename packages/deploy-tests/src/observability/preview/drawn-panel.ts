import type { PanelFile } from '../boards.ts';
import { colorOf, drawLines, drawTimeline, type Frame } from './draw-lines.ts';
import { formatValue } from './format-value.ts';
import { escapeText, type NamedLine } from './named-line.ts';

/** The inside of a panel, as HTML. */
export function drawPanel(panel: PanelFile, lines: readonly NamedLine[], frame: Frame): string {
  const [asked] = panel.targets ?? [];
  if (asked?.datasource.type !== 'prometheus') {
    return `<div class="elsewhere">asks ${asked?.datasource.type ?? 'nobody'}, which this preview has not</div>`;
  }
  if (lines.length === 0) return `<div class="elsewhere">nothing to show</div>`;
  const unit = panel.fieldConfig?.defaults.unit;
  switch (panel.type) {
    case 'stat':
      return drawNumber(panel, lines, unit);
    case 'table':
      return drawTable(lines);
    case 'state-timeline':
      return drawTimeline(panel, lines, frame);
    default: {
      const legendHeight = lines.length > 4 ? 34 : 18;
      return drawLines(panel, lines, { ...frame, height: frame.height - legendHeight }) + legend(lines);
    }
  }
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
