import type { CollectedSpan } from '@sluice/testkit';
import { escapeText } from './named-line.ts';

const labelWidth = 260;

/** Draws the spans of a trace, one below the other, from the root on. */
export function drawTrace(
  spans: readonly CollectedSpan[],
  { width, height }: { readonly width: number; readonly height: number },
): string {
  const from = Math.min(...spans.map(({ startMs }) => startMs));
  const to = Math.max(...spans.map(({ endMs }) => endMs));
  const depthOf = (span: CollectedSpan): number => {
    const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
    return parent === undefined ? 0 : 1 + depthOf(parent);
  };
  const ordered = treeOrder(spans);
  const rowHeight = Math.min(24, height / Math.max(1, ordered.length));
  const x = (ms: number): number => labelWidth + ((ms - from) / (to - from)) * (width - labelWidth - 70);
  const rows = ordered.map((span, row) => {
    const y = row * rowHeight;
    const color = span.status.code === 'error' ? '#c2465b' : span.service === 'sluice-worker' ? '#3fa66a' : '#3b82d6';
    const label = `<text x="${depthOf(span) * 14}" y="${y + rowHeight / 2 + 4}">${escapeText(span.name)}</text>`;
    const bar = `<rect x="${x(span.startMs)}" y="${y + 4}" width="${Math.max(2, x(span.endMs) - x(span.startMs))}" height="${rowHeight - 8}" fill="${color}"/>`;
    return `${label}${bar}<text x="${x(span.endMs) + 4}" y="${y + rowHeight / 2 + 4}">${Math.round(span.endMs - span.startMs)} ms</text>`;
  });
  return `<svg width="${width}" height="${height}">${rows.join('')}</svg>`;
}

/** Sorts each span before its children, and children by their start. */
function treeOrder(spans: readonly CollectedSpan[]): CollectedSpan[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const below = (parentId: string | undefined): CollectedSpan[] =>
    spans
      .filter((span) => (parentId === undefined ? !ids.has(span.parentSpanId ?? '') : span.parentSpanId === parentId))
      .toSorted((a, b) => a.startMs - b.startMs)
      .flatMap((span) => [span, ...below(span.spanId)]);
  return below(undefined);
}
