import { type Kysely, sql } from 'kysely';
import type { Tables, UsageDimension, UsagePeriod } from '../tables.ts';
import { startOf } from './usage-changes.ts';

const timeGroups = ['hour', 'day', 'month'] as const;
const columnOf = {
  key: 'key_id',
  team: 'team_id',
  owner: 'owner',
  model: 'model',
  upstream: 'upstream',
  tag: 'label',
  session: 'label',
} as const;
type PlainGroup = keyof typeof columnOf;

/** Properties by which sums of usage can be grouped. */
export const usageGroups = ['key', 'team', 'owner', 'model', 'upstream', 'tag', 'session', ...timeGroups] as const;
export type UsageGroup = (typeof usageGroups)[number];

export interface UsageQuery {
  /** Milliseconds since 1970; rounded down to the start of its hour. */
  readonly from: number;
  /** Exclusive; rounded up to the end of its hour. */
  readonly to: number;
  /** At most one of `hour`, `day` and `month`, and of `tag` and `session`. */
  readonly groupBy: readonly UsageGroup[];
  /** Each value must be equal. */
  readonly filter?: Readonly<Partial<Record<PlainGroup, string | undefined>>>;
  /** Most rows; default 10,000. */
  readonly limit?: number;
}

export interface UsageSum {
  /** Value of each group; '' where the requests have none. A time is the ISO text of its start, in UTC. */
  readonly group: Readonly<Partial<Record<UsageGroup, string>>>;
  readonly requests: number;
  readonly failed: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costMicros: number;
}

/**
 * Sums the usage of requests from the hourly and daily sums. A request with two tags counts under both.
 * @throws RangeError if tags and sessions are asked for at once, or two spans of time
 */
export async function readUsage(db: Kysely<Tables>, query: UsageQuery): Promise<readonly UsageSum[]> {
  const { groupBy, filter = {}, limit = 10_000 } = query;
  const { from, to, period } = spanOf(query);
  const plain = groupBy.filter((group): group is PlainGroup => group in columnOf);
  const [time] = groupBy.filter((group) => timeGroups.some((known) => known === group));
  const groups = [
    ...plain.map((group) => sql`${sql.ref(columnOf[group])}`),
    ...(time === undefined ? [] : [truncated(time)]),
  ];
  const conditions = Object.entries(filter)
    .filter(([, value]) => value !== undefined)
    .map(([group, value]) => sql`and ${sql.ref(columnOf[group as PlainGroup])} = ${value}`);
  const by = groups.length === 0 ? sql`` : sql`group by ${sql.join(groups)}`;
  const { rows } = await sql<UsageRecord>`
    select json_build_array(${sql.join(groups)}) as groups, ${sums}
    from usage_requests
    where period = ${period} and dimension = ${dimensionOf(query)} and starts_at >= ${from} and starts_at < ${to}
      ${sql.join(conditions, sql` `)}
    ${by}
    having sum(requests) > 0
    order by sum(cost_micros) desc, sum(requests) desc
    limit ${limit}`.execute(db);
  const names = [...plain, ...(time === undefined ? [] : [time])];
  return rows.map(({ groups: values, requests, failed, input_tokens, output_tokens, cost_micros }) => ({
    group: Object.fromEntries(names.map((name, index) => [name, values[index]])),
    requests,
    failed,
    inputTokens: input_tokens,
    outputTokens: output_tokens,
    costMicros: cost_micros,
  }));
}

interface UsageRecord {
  readonly groups: readonly string[];
  readonly requests: number;
  readonly failed: number;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cost_micros: number;
}

const sums = sql`
  sum(requests)::bigint as requests, sum(failed)::bigint as failed, sum(input_tokens)::bigint as input_tokens,
  sum(output_tokens)::bigint as output_tokens, sum(cost_micros)::bigint as cost_micros`;

/** Returns the start of the hour, day or month as an ISO text; the time zone of the session has no part in it. */
const truncated = (time: UsageGroup) =>
  sql`to_char(date_trunc(${sql.lit(time)}, starts_at at time zone 'UTC'), 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`;

/** Daily sums answer what begins and ends with a day, and hourly sums the rest. */
function spanOf({ from, to, groupBy }: UsageQuery): {
  readonly from: Date;
  readonly to: Date;
  readonly period: UsagePeriod;
} {
  const times = groupBy.filter((group) => timeGroups.some((known) => known === group));
  if (times.length > 1) throw new RangeError(`group by one of hour, day and month, not by ${times.join(' and ')}`);
  const start = startOf('hour', new Date(from));
  const end = startOf('hour', new Date(to + 3_599_999));
  const isWholeDays = [start, end].every((at) => startOf('day', at).getTime() === at.getTime());
  return { from: start, to: end, period: isWholeDays && !groupBy.includes('hour') ? 'day' : 'hour' };
}

function dimensionOf({ groupBy, filter = {} }: UsageQuery): UsageDimension {
  const asked = (name: 'tag' | 'session'): boolean => groupBy.includes(name) || filter[name] !== undefined;
  if (asked('tag') && asked('session'))
    throw new RangeError('usage is kept by tag and by session, not by both at once');
  if (asked('tag')) return 'tag';
  return asked('session') ? 'session' : 'all';
}
