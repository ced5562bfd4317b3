import type {
  AttemptRow,
  AttemptSums,
  RequestRow,
  RequestSums,
  UpstreamUsageRow,
  UsageDimension,
  UsagePeriod,
  UsageRow,
} from '../tables.ts';

/** Rows that come into the ledger and rows that they replace. */
interface Change<Row> {
  readonly added: readonly Row[];
  readonly replaced: readonly Row[];
}

const periods = ['hour', 'day'] as const;
const lengthMs = { hour: 3_600_000, day: 86_400_000 };

/** Returns the start of the hour, or of the UTC day, that has this time. */
export const startOf = (period: UsagePeriod, at: Date): Date =>
  new Date(Math.floor(at.getTime() / lengthMs[period]) * lengthMs[period]);

/** Returns what must be added to the sums of usage; numbers of replaced rows are negative. */
export function requestChanges(change: Change<RequestRow>): readonly (UsageRow & RequestSums)[] {
  const sums = createSums<UsageRow, RequestSums>();
  eachOf(change, (row, sign) => {
    for (const period of periods) {
      for (const [dimension, label] of labelsOf(row)) {
        sums.add(usageRow(row, { period, dimension, label }), {
          requests: sign,
          failed: row.outcome === 'error' || row.outcome === 'lost' ? sign : 0,
          input_tokens: sign * row.input_tokens,
          output_tokens: sign * row.output_tokens,
          cost_micros: sign * row.cost_micros,
        });
      }
    }
  });
  return sums.changed();
}

export function attemptChanges(change: Change<AttemptRow>): readonly (UpstreamUsageRow & AttemptSums)[] {
  const sums = createSums<UpstreamUsageRow, AttemptSums>();
  eachOf(change, (row, sign) => {
    for (const period of periods) {
      const { upstream, model, credential } = row;
      sums.add(
        { period, starts_at: startOf(period, row.started_at), upstream, model, credential },
        {
          attempts: sign,
          failed: row.outcome === 'failed' || row.outcome === 'lost' ? sign : 0,
          fresh_tokens: sign * row.fresh_tokens,
          cache_read_tokens: sign * row.cache_read_tokens,
          cache_write_tokens: sign * row.cache_write_tokens,
          output_tokens: sign * row.output_tokens,
          reasoning_tokens: sign * row.reasoning_tokens,
          cost_micros: sign * row.cost_micros,
          provider_cost_micros: sign * (row.provider_cost_micros ?? 0),
        },
      );
    }
  });
  return sums.changed();
}

function eachOf<Row>({ added, replaced }: Change<Row>, visit: (row: Row, sign: 1 | -1) => void): void {
  for (const row of added) visit(row, 1);
  for (const row of replaced) visit(row, -1);
}

function labelsOf(row: RequestRow): readonly (readonly [UsageDimension, string])[] {
  return [
    ['all', ''],
    ...[...new Set(row.tags)].map((tag) => ['tag', tag] as const),
    ...(row.session_id === null ? [] : [['session', row.session_id] as const]),
  ];
}

function usageRow(row: RequestRow, place: Pick<UsageRow, 'period' | 'dimension' | 'label'>): UsageRow {
  return {
    period: place.period,
    starts_at: startOf(place.period, row.accepted_at),
    dimension: place.dimension,
    label: place.label,
    key_id: row.key_id,
    team_id: row.team_id ?? '',
    owner: row.owner ?? '',
    model: row.model,
    upstream: row.upstream ?? '',
  };
}

/** Sums by place. Their order is that of the places' texts, so that two writers lock rows in the same order. */
function createSums<Place extends object, Sums extends { [Name in keyof Sums]: number }>() {
  const sums = new Map<string, Place & Sums>();
  return {
    add(place: Place, numbers: Sums): void {
      const name = JSON.stringify(place);
      const sum = sums.get(name);
      if (sum === undefined) sums.set(name, { ...place, ...numbers });
      else for (const key in numbers) Object.assign(sum, { [key]: sum[key] + numbers[key] });
    },
    changed(): readonly (Place & Sums)[] {
      return [...sums].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, sum]) => sum);
    },
  };
}
