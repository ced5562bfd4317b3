import type { PanelFile } from '../boards.ts';
import { formatValue } from './format-value.ts';
import { escapeText, type NamedLine } from './named-line.ts';

const colors = [
  '#3b82d6',
  '#e07b39',
  '#3fa66a',
  '#c2465b',
  '#8a63d2',
  '#b59a2d',
  '#2aa5b8',
  '#7a7f87',
  '#d264a8',
  '#6b8e23',
];
export const colorOf = (at: number): string => colors[at % colors.length] ?? '#888';

export interface Frame {
  readonly width: number;
  readonly height: number;
  /** Seconds since 1970. */
  readonly from: number;
  readonly to: number;
}

const left = 62;
const bottom = 20;
const top = 6;

/** Draws series with axes; stacks them if the panel does. */
export function drawLines(panel: PanelFile, lines: readonly NamedLine[], frame: Frame): string {
  const isStacked = panel.fieldConfig?.defaults.custom?.stacking?.mode === 'normal';
  const unit = panel.fieldConfig?.defaults.unit;
  const stacked = isStacked ? stack(lines) : lines.map((line) => ({ ...line, floor: undefined }));
  const highest = Math.max(...stacked.flatMap(({ points }) => points.map(([, value]) => value)), 0);
  const most = highest === 0 ? 1 : highest * 1.05;
  const x = (at: number): number => left + ((at - frame.from) / (frame.to - frame.from)) * (frame.width - left - 8);
  const y = (value: number): number => top + (1 - value / most) * (frame.height - top - bottom);
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const at = y(share * most);
    return `<line x1="${left}" x2="${frame.width - 8}" y1="${at}" y2="${at}" stroke="#e4e7eb"/><text x="${left - 6}" y="${at + 4}" text-anchor="end">${formatValue(share * most, unit)}</text>`;
  });
  const ticks = [0.1, 0.5, 0.9].map((share) => {
    const at = frame.from + share * (frame.to - frame.from);
    return `<text x="${x(at)}" y="${frame.height - 4}" text-anchor="middle">+${Math.round(at - frame.from)} s</text>`;
  });
  const drawn = stacked.map(({ points, floor }, at) => {
    const path = points.map(([time, value]) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`);
    const dot =
      points.length === 1
        ? `<circle cx="${x(points[0]?.[0] ?? 0)}" cy="${y(points[0]?.[1] ?? 0)}" r="2" fill="${colorOf(at)}"/>`
        : '';
    const area =
      floor === undefined
        ? ''
        : `<polygon points="${[...path, ...floor.toReversed().map(([time, value]) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`)].join(' ')}" fill="${colorOf(at)}" fill-opacity="0.3"/>`;
    return `${area}<polyline points="${path.join(' ')}" fill="none" stroke="${colorOf(at)}" stroke-width="1.5"/>${dot}`;
  });
  return `<svg width="${frame.width}" height="${frame.height}">${grid.join('')}${ticks.join('')}${drawn.join('')}</svg>`;
}

type Points = NamedLine['points'];

/** Adds the values of the lower series to each one, at each time at which any has a value. */
function stack(
  lines: readonly NamedLine[],
): { readonly name: string; readonly points: Points; readonly floor: Points }[] {
  const times = [...new Set(lines.flatMap(({ points }) => points.map(([time]) => time)))].toSorted((a, b) => a - b);
  const sums = new Map(times.map((time) => [time, 0]));
  return lines.map(({ name, points }) => {
    const values = new Map(points);
    const floor = times.map((time) => [time, sums.get(time) ?? 0] as const);
    for (const time of times) sums.set(time, (sums.get(time) ?? 0) + (values.get(time) ?? 0));
    return { name, floor, points: times.map((time) => [time, sums.get(time) ?? 0] as const) };
  });
}

/** Draws states over time: one bar per series, coloured by the thresholds of the panel. */
export function drawTimeline(panel: PanelFile, lines: readonly NamedLine[], frame: Frame): string {
  const steps = panel.fieldConfig?.defaults.thresholds?.steps ?? [];
  const paint: Readonly<Record<string, string>> = { green: '#3fa66a', orange: '#e07b39', red: '#c2465b' };
  const barHeight = Math.min(26, (frame.height - bottom) / Math.max(1, lines.length));
  const labelWidth = 170;
  const x = (at: number): number =>
    labelWidth + ((at - frame.from) / (frame.to - frame.from)) * (frame.width - labelWidth - 8);
  const bars = lines.flatMap(({ name, points }, row) => {
    const label = `<text x="${labelWidth - 8}" y="${row * barHeight + barHeight / 2 + 4}" text-anchor="end">${escapeText(name)}</text>`;
    const cells = points.map(([time, value], at) => {
      const until = points[at + 1]?.[0] ?? frame.to;
      const color = steps.findLast((step) => step.value === null || value >= step.value)?.color ?? 'green';
      return `<rect x="${x(time)}" y="${row * barHeight + 2}" width="${Math.max(1, x(until) - x(time))}" height="${barHeight - 4}" fill="${paint[color] ?? color}"/>`;
    });
    return [label, ...cells];
  });
  return `<svg width="${frame.width}" height="${frame.height}">${bars.join('')}</svg>`;
}
