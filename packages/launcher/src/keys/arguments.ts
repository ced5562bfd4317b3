import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { LaunchError } from '../bare/launch-error.mjs';

/** A request to the API of keys and teams. */
export interface KeyRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
}

export interface KeyArguments {
  /** Undefined: the help is wanted. */
  readonly request: KeyRequest | undefined;
  /** URL of an ingress; undefined = the one that the settings name. */
  readonly url: string | undefined;
  readonly json: boolean;
}

export const help = `npm run keys -- COMMAND

  list [--team ID] [--limit N] [--after ID]     keys of the file and of the database
  show ID                                       one key: binding limits, spent and left of its budgets
  create NAME [settings]                        prints the secret, this once
  change ID [settings]                          --team, --owner and --expires-at take "none"
  revoke ID [--end-streams]                     for ever; --end-streams ends its running requests
  rotate ID [--overlap SECONDS]                 another secret; the old one stays valid for a while
  teams [list | show ID | create ID | change ID | remove ID] [settings]

Settings, for keys and teams:
  --name TEXT  --model GLOB (again for more)  --concurrency N  --rpm N  --rpm-burst N  --tpm N  --tpm-burst N
  --day-usd N  --month-usd N  --total-usd N
For keys:
  --admin  --team ID  --owner TEXT  --tag TEXT  --address NETWORK  --expires-at TIME  --log-bodies  --weight N

  --url URL   an ingress; default http://127.0.0.1:PORT
  --json      prints the answer as it is

The admin key is SLUICE_ADMIN_KEY, or that in .sluice/admin-key.`;

const text = { type: 'string' } as const;
const texts = { type: 'string', multiple: true } as const;
const flag = { type: 'boolean' } as const;
const options = {
  url: text,
  json: flag,
  help: flag,
  limit: text,
  after: text,
  name: text,
  model: texts,
  concurrency: text,
  rpm: text,
  'rpm-burst': text,
  tpm: text,
  'tpm-burst': text,
  'day-usd': text,
  'month-usd': text,
  'total-usd': text,
  admin: flag,
  team: text,
  owner: text,
  tag: texts,
  address: texts,
  'expires-at': text,
  'log-bodies': flag,
  weight: text,
  'end-streams': flag,
  overlap: text,
} as const satisfies ParseArgsOptionsConfig;

const read = (args: readonly string[]) => parseArgs({ args: [...args], options, allowPositionals: true });
type Values = ReturnType<typeof read>['values'];

/** @throws LaunchError for arguments that mean nothing */
export function readKeyArguments(args: readonly string[]): KeyArguments {
  const { values, positionals } = parse(args);
  const shared = { url: values.url, json: values.json === true };
  if (values.help === true || positionals.length === 0) return { ...shared, request: undefined };
  const [first = '', ...rest] = positionals;
  return { ...shared, request: first === 'teams' ? teamRequest(rest, values) : keyRequest(first, rest, values) };
}

function parse(args: readonly string[]) {
  try {
    return read(args);
  } catch (error) {
    throw new LaunchError(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
  }
}

function keyRequest(command: string, [id, ...more]: readonly string[], values: Values): KeyRequest {
  if (more.length > 0) throw new LaunchError(`"${more[0]}" is one argument too many.\n\n${help}`);
  const path = '/v1/auth/keys';
  switch (command) {
    case 'list':
      return {
        method: 'GET',
        path: `${path}${queryOf({ limit: values.limit, after: values.after, team: values.team })}`,
      };
    case 'show':
      return { method: 'GET', path: `${path}/${segment(id, 'the id of a key')}` };
    case 'create':
      return {
        method: 'POST',
        path,
        body: { ...settingsOf(values), name: need(id ?? values.name, 'the name of the key') },
      };
    case 'change':
      return { method: 'PATCH', path: `${path}/${segment(id, 'the id of a key')}`, body: settingsOf(values) };
    case 'revoke':
      return {
        method: 'DELETE',
        path: `${path}/${segment(id, 'the id of a key')}${values['end-streams'] === true ? '?end_streams=true' : ''}`,
      };
    case 'rotate':
      return {
        method: 'POST',
        path: `${path}/${segment(id, 'the id of a key')}/rotate`,
        body: { overlap_seconds: numberOf(values.overlap) ?? 0 },
      };
    default:
      throw new LaunchError(`There is no command "${command}".\n\n${help}`);
  }
}

function teamRequest([command = 'list', id]: readonly string[], values: Values): KeyRequest {
  const path = '/v1/auth/teams';
  switch (command) {
    case 'list':
      return { method: 'GET', path: `${path}${queryOf({ limit: values.limit, after: values.after })}` };
    case 'show':
      return { method: 'GET', path: `${path}/${segment(id, 'the id of a team')}` };
    case 'create':
      return { method: 'POST', path, body: { ...settingsOf(values), id: need(id, 'the id of the team') } };
    case 'change':
      return { method: 'PATCH', path: `${path}/${segment(id, 'the id of a team')}`, body: settingsOf(values) };
    case 'remove':
      return { method: 'DELETE', path: `${path}/${segment(id, 'the id of a team')}` };
    default:
      throw new LaunchError(`There is no command "teams ${command}".\n\n${help}`);
  }
}

function settingsOf(values: Values): Record<string, unknown> {
  const limits = given({
    concurrency: numberOf(values.concurrency),
    rpm: numberOf(values.rpm),
    rpm_burst: numberOf(values['rpm-burst']),
    tpm: numberOf(values.tpm),
    tpm_burst: numberOf(values['tpm-burst']),
  });
  const budgets = given({
    day_usd: numberOf(values['day-usd']),
    month_usd: numberOf(values['month-usd']),
    total_usd: numberOf(values['total-usd']),
  });
  return given({
    name: values.name,
    models: values.model,
    limits: Object.keys(limits).length === 0 ? undefined : limits,
    budgets: Object.keys(budgets).length === 0 ? undefined : budgets,
    admin: values.admin,
    team: orNull(values.team),
    owner: orNull(values.owner),
    tags: values.tag,
    allowed_addresses: values.address,
    expires_at: orNull(values['expires-at']),
    log_bodies: values['log-bodies'],
    weight: numberOf(values.weight),
  });
}

const given = (values: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

const orNull = (value: string | undefined): string | null | undefined => (value === 'none' ? null : value);

function numberOf(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (value.trim() === '' || !Number.isFinite(number)) throw new LaunchError(`"${value}" must be a number.`);
  return number;
}

function need(value: string | undefined, what: string): string {
  if (value === undefined) throw new LaunchError(`The command needs ${what}.\n\n${help}`);
  return value;
}

const segment = (value: string | undefined, what: string): string => encodeURIComponent(need(value, what));

function queryOf(values: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.set(name, value);
  return query.size === 0 ? '' : `?${query.toString()}`;
}
