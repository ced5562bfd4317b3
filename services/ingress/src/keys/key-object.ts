import type { Spend, Spends } from '@sluice/admission';
import type { IngressConfig } from '@sluice/config';
import { type Budgets, type BudgetWindow, budgetWindows } from '@sluice/records';
import type { KeptKey, KeptTeam } from '@sluice/store';
import type { PrincipalTeam } from '../context.ts';

/** A client key as the API shows it: of the file or of the database. Times are seconds since 1970. */
export interface ShownKey {
  readonly id: string;
  readonly name: string;
  readonly source: 'file' | 'database';
  /** First and last four characters of each valid secret, the newest last. */
  readonly hints: readonly string[];
  readonly admin: boolean;
  readonly models: readonly string[];
  readonly team: string | undefined;
  readonly owner: string | undefined;
  readonly tags: readonly string[];
  readonly limits: PrincipalTeam['limits'];
  readonly budgets: Budgets;
  readonly weight: number;
  readonly allowedAddresses: readonly string[];
  readonly logBodies: boolean;
  readonly expiresAt: number | undefined;
  readonly createdAt: number | undefined;
  readonly revokedAt: number | undefined;
}

export interface ShowNeeds {
  readonly config: Pick<IngressConfig, 'limits'>;
  readonly spends: Pick<Spends, 'read'>;
  readonly findTeam: (id: string) => PrincipalTeam | undefined;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

export const ofDatabase = ({ key, createdAt, revokedAt }: KeptKey): ShownKey => ({
  ...key,
  source: 'database',
  hints: key.secrets.map(({ hint }) => hint),
  team: key.teamId,
  owner: key.owner,
  limits: toLimits(key.limits),
  logBodies: key.mayLogBodies,
  expiresAt: key.expiresAt,
  createdAt,
  revokedAt,
});

export const ofFile = (key: IngressConfig['keys'][number]): ShownKey => ({
  ...key,
  source: 'file',
  hints: key.hint === undefined ? [] : [key.hint],
  team: key.team,
  owner: key.owner,
  expiresAt: key.expiresAt,
  createdAt: undefined,
  revokedAt: undefined,
});

const toLimits = (limits: KeptTeam['team']['limits']): PrincipalTeam['limits'] =>
  Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));

/** Returns the JSON object of a key, with the limit of each kind that binds it, and what is left of its budgets. */
export async function keyObject(needs: ShowNeeds, key: ShownKey) {
  const team = key.team === undefined ? undefined : needs.findTeam(key.team);
  const now = needs.clock();
  const [own, shared] = await Promise.all([
    spendOf(needs, key.budgets, { scope: 'key', id: key.id }),
    team === undefined ? undefined : spendOf(needs, team.budgets, { scope: 'team', id: team.id }),
  ]);
  return {
    object: 'key' as const,
    id: key.id,
    name: key.name,
    source: key.source,
    status: statusOf(key, now),
    hints: key.hints,
    admin: key.admin,
    models: key.models,
    team: key.team ?? null,
    owner: key.owner ?? null,
    tags: key.tags,
    limits: limitsObject(key.limits),
    budgets: budgetsObject(key.budgets, own),
    binding: bindingOf(needs, { key, own, team, shared }),
    weight: key.weight,
    allowed_addresses: key.allowedAddresses,
    log_bodies: key.logBodies,
    created_at: seconds(key.createdAt),
    expires_at: seconds(key.expiresAt),
    revoked_at: seconds(key.revokedAt),
  };
}

/** Returns the JSON object of a team. */
export async function teamObject(
  needs: ShowNeeds,
  team: PrincipalTeam & { readonly name: string; readonly source: 'file' | 'database'; readonly createdAt?: number },
) {
  const spend = await spendOf(needs, team.budgets, { scope: 'team', id: team.id });
  return {
    object: 'team' as const,
    id: team.id,
    name: team.name,
    source: team.source,
    models: team.models,
    limits: limitsObject(team.limits),
    budgets: budgetsObject(team.budgets, spend),
    created_at: seconds(team.createdAt),
  };
}

function statusOf({ revokedAt, expiresAt }: ShownKey, now: number): 'active' | 'revoked' | 'expired' {
  if (revokedAt !== undefined) return 'revoked';
  return expiresAt !== undefined && expiresAt <= now ? 'expired' : 'active';
}

const seconds = (ms: number | undefined): number | null => (ms === undefined ? null : Math.floor(ms / 1000));
const usd = (micros: number): number => micros / 1e6;

/** Reads what was spent; undefined without a budget, or while Redis is away. */
async function spendOf(
  { spends, clock }: ShowNeeds,
  budgets: Budgets,
  owner: Parameters<Spends['read']>[0],
): Promise<Spend | undefined> {
  if (budgetWindows.every((window) => budgets[window] === undefined)) return undefined;
  return await spends.read(owner, clock()).catch(() => undefined);
}

const limitsObject = ({ concurrency, rpm, rpmBurst, tpm, tpmBurst }: PrincipalTeam['limits']) => ({
  concurrency,
  rpm,
  rpm_burst: rpmBurst,
  tpm,
  tpm_burst: tpmBurst,
});

/** Each budget with what is spent and left; `spent_usd` is null while Redis is away. */
const budgetsObject = (budgets: Budgets, spend: Spend | undefined) =>
  Object.fromEntries(
    budgetWindows.flatMap((window) => {
      const limit = budgets[window];
      return limit === undefined ? [] : [[`${window}_usd`, budgetObject(limit, spend?.[window])]];
    }),
  );

const budgetObject = (limit: number, spent: number | undefined) => ({
  limit: usd(limit),
  spent: spent === undefined ? null : usd(spent),
  remaining: spent === undefined ? null : usd(Math.max(0, limit - spent)),
});

interface Bound {
  readonly of: 'key' | 'team' | 'fleet';
  readonly id: string | null;
  readonly limit: number;
}

interface Owners {
  readonly key: ShownKey;
  readonly own: Spend | undefined;
  readonly team: PrincipalTeam | undefined;
  readonly shared: Spend | undefined;
}

/** Returns the limit of each kind that a request meets first, and its owner. */
function bindingOf({ config }: ShowNeeds, { key, own, team, shared }: Owners) {
  const { maxConcurrentRequests, defaultKeyConcurrency } = config.limits;
  const bound = (of: Bound['of'], id: string | null, limit: number | undefined): Bound[] =>
    limit === undefined ? [] : [{ of, id, limit }];
  const both = (name: 'concurrency' | 'rpm' | 'tpm'): Bound[] => [
    ...bound('key', key.id, key.limits[name]),
    ...bound('team', team?.id ?? null, team?.limits[name]),
  ];
  const fleet = key.limits.concurrency === undefined ? defaultKeyConcurrency : maxConcurrentRequests;
  const budgetOf = (window: BudgetWindow) =>
    smallest(
      [
        ...budgetBound('key', key.id, key.budgets[window], own?.[window]),
        ...budgetBound('team', team?.id ?? null, team?.budgets[window], shared?.[window]),
      ],
      ({ left }) => left,
    );
  return {
    concurrency: smallest([...both('concurrency'), ...bound('fleet', null, fleet)], ({ limit }) => limit),
    rpm: smallest(both('rpm'), ({ limit }) => limit),
    tpm: smallest(both('tpm'), ({ limit }) => limit),
    ...Object.fromEntries(
      budgetWindows.flatMap((window) => {
        const binding = budgetOf(window);
        if (binding === undefined) return [];
        const { of, id, limit, spent } = binding;
        return [[`${window}_usd`, { of, id, ...budgetObject(limit, spent) }]];
      }),
    ),
  };
}

function budgetBound(of: Bound['of'], id: string | null, limit: number | undefined, spent: number | undefined) {
  return limit === undefined ? [] : [{ of, id, limit, spent, left: limit - (spent ?? 0) }];
}

const smallest = <Item>(items: readonly Item[], sizeOf: (item: Item) => number): Item | undefined =>
  items.reduce<Item | undefined>(
    (least, item) => (least === undefined || sizeOf(item) < sizeOf(least) ? item : least),
    undefined,
  );
