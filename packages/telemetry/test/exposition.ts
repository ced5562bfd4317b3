/** One line of Prometheus text. */
interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Content of a `/metrics` answer for a scraper. */
export interface Scrape {
  readonly samples: readonly Sample[];
  /** Types by metric name. */
  readonly types: ReadonlyMap<string, string>;
  readonly helps: ReadonlyMap<string, string>;
  /** Returns the value of the sample with this name and exactly these labels; undefined if there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined;
}

/** Parses the text format strictly: an unexpected line is an error. */
export function parseExposition(text: string): Scrape {
  const samples: Sample[] = [];
  const types = new Map<string, string>();
  const helps = new Map<string, string>();
  for (const line of text.split('\n')) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line);
    if (line === '') continue;
    if (comment !== null) {
      const [, kind, name = '', rest = ''] = comment;
      (kind === 'HELP' ? helps : types).set(name, rest);
      continue;
    }
    const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (sample === null) throw new Error(`not Prometheus text: ${line}`);
    const [, name = '', labels = '', value = ''] = sample;
    samples.push({ name, labels: parseLabels(labels), value: numberOf(value) });
  }
  return {
    samples,
    types,
    helps,
    value(name, labels = {}) {
      const wanted = canonical(labels);
      return samples.find((sample) => sample.name === name && canonical(sample.labels) === wanted)?.value;
    },
  };
}

function parseLabels(text: string): Record<string, string> {
  const pairs = text.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"(?:,|$)/g);
  return Object.fromEntries(Array.from(pairs, ([, name = '', value = '']) => [name, value]));
}

const numberOf = (text: string): number => (text === '+Inf' ? Infinity : Number(text));

const canonical = (labels: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
