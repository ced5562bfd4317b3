import type { Line } from './start-prometheus.ts';

/** A parsed log line. */
export type LogLine = Readonly<Record<string, unknown>>;

/** Returns the JSON lines in the output of processes. */
export function readLog(output: string): LogLine[] {
  return output.split('\n').flatMap((line) => {
    try {
      const read: unknown = JSON.parse(line);
      return typeof read === 'object' && read !== null ? [{ ...read }] : [];
    } catch {
      return [];
    }
  });
}

/**
 * Returns the lines that a LogQL query selects, for the forms that the boards use. It does not replace Loki: it shows that the
 * texts and fields of a query are those of real lines, and throws on any other form.
 */
export function selectLines(query: string, lines: readonly LogLine[]): LogLine[] {
  const [, pipeline = ''] = /\{\$\{logs_selector:raw\}\} (.+?)(?: \[\$__auto\]\)\))?$/.exec(query) ?? [];
  if (pipeline === '') throw new Error(`not a query of ours: ${query}`);
  const tests = pipeline.split(/ (?=\| |\|= )/).map(stageOf);
  return lines.filter((line) => tests.every((test) => test(line)));
}

/** Returns the series of a query that counts or adds up, by the fields that it names. */
export function countLines(
  query: string,
  lines: readonly LogLine[],
  { from, to, stepSeconds }: { readonly from: number; readonly to: number; readonly stepSeconds: number },
): Line[] {
  const [, by = ''] = /^sum by \(([^)]+)\)/.exec(query) ?? [];
  const [, summed] = /unwrap (\w+)/.exec(query) ?? [];
  const labels = by.split(', ');
  const valuesOf = (line: LogLine): string[] => labels.map((label) => textOf(line[label]));
  const groups = Map.groupBy(selectLines(query, lines), (line) => JSON.stringify(valuesOf(line)));
  return [...groups.values()].map((group) => {
    const values = group.slice(0, 1).flatMap(valuesOf);
    const points: [number, number][] = [];
    for (let at = from; at < to; at += stepSeconds) {
      const inStep = group.filter((line) => {
        const written = Date.parse(String(line['time'])) / 1000;
        return written >= at && written < at + stepSeconds;
      });
      points.push([at, inStep.reduce((sum, line) => sum + (summed === undefined ? 1 : Number(line[summed])), 0)]);
    }
    return { labels: Object.fromEntries(labels.map((label, at) => [label, values[at] ?? ''])), points };
  });
}

function stageOf(stage: string): (line: LogLine) => boolean {
  const [, contained] = /^\|= [`"](.*)[`"]$/.exec(stage) ?? [];
  if (contained !== undefined) return (line) => JSON.stringify(line).includes(contained);
  if (stage === '| json') return () => true;
  const [, unwrapped] = /^\| unwrap (\w+)$/.exec(stage) ?? [];
  if (unwrapped !== undefined) return (line) => Number.isFinite(Number(line[unwrapped]));
  const [, field = '', operator, wanted = ''] = /^\| (\w+)(=~|!=|=)"(.*)"$/.exec(stage) ?? [];
  const text = (line: LogLine): string => textOf(line[field]);
  switch (operator) {
    case '=~':
      return (line) => new RegExp(`^(?:${wanted})$`).test(text(line));
    case '!=':
      return (line) => text(line) !== wanted;
    case '=':
      return (line) => text(line) === wanted;
    default:
      throw new Error(`no stage: ${stage}`);
  }
}

/** Writes values other than texts as JSON, as Loki does. */
const textOf = (value: unknown): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
