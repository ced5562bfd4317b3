import type { Accounting, Settled } from '@sluice/admission';
import type { OpenEntry, RequestEntry } from '@sluice/records';
import type { IncomingHttpHeaders } from 'node:http';
import type { Client, Principal } from '../../context.ts';
import type { Order } from '../order.ts';
import { readAttribution } from './attribution.ts';
import { hasBudget } from './has-budget.ts';
import { type CostBounds, reserveMoney } from './money.ts';

/** The part of an accepted request in budgets and ledger, from its admission to its settlement. */
export interface RequestAccounting {
  readonly admission: Accounting;
  /** Called when admission has accepted the request. `redisNow`: Redis's clock, ms since 1970. */
  accepted(redisNow: number): void;
  /** Called with the time as a waiter, for one that has waited. */
  waited(waitedMs: number): void;
  /** Returns the end of the request for the script that settles it. */
  settled(end: EntryEnd): Settled;
}

/** The facts of an entry that are known at the end of the request. */
export type EntryEnd = Omit<RequestEntry, keyof OpenEntry | 'endedAt' | 'waitedMs' | 'settledBy'>;

export interface AccountingNeeds {
  /** A database is configured, so that each accepted request gets a ledger entry. */
  readonly isRecorded: boolean;
  readonly costBounds: CostBounds;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

type Requester = Pick<Client, 'requestId' | 'publicId' | 'principal'>;

/**
 * Returns the accounting of an order; undefined if there is no database, no team and no budget.
 * @throws GatewayError 400 for a wrong `x-sluice-tags`
 */
export function openAccounting(
  { isRecorded, costBounds, now }: AccountingNeeds,
  order: Order,
  { requestId, publicId, principal }: Requester,
  headers: IncomingHttpHeaders,
): RequestAccounting | undefined {
  const budgets = hasBudget(principal.budgets) ? principal.budgets : undefined;
  const team = limitedTeam(principal.team);
  if (!isRecorded && budgets === undefined && team === undefined) return undefined;
  const openEntry = isRecorded
    ? JSON.stringify(openEntryOf(order, { requestId, publicId, principal }, headers))
    : JSON.stringify({ id: requestId });
  let acceptedAt = 0;
  let acceptedSince = 0;
  let wait: number | undefined;
  return {
    admission: {
      openEntry,
      promptTokens: order.reservation.prompt,
      budgets,
      team,
      money: budgets !== undefined || hasBudget(team?.budgets) ? reserveMoney(costBounds, order) : undefined,
    },
    accepted(redisNow) {
      acceptedAt = redisNow;
      acceptedSince = now();
    },
    waited: (waitedMs) => void (wait = Math.round(waitedMs)),
    settled(end) {
      const { costMicros } = end;
      if (!isRecorded) return { costMicros, entry: undefined };
      const rest: Omit<RequestEntry, keyof Omit<OpenEntry, 'acceptedAt'>> = {
        acceptedAt,
        endedAt: Math.round(acceptedAt + now() - acceptedSince),
        waitedMs: wait,
        ...end,
        settledBy: 'ingress',
      };
      // Both are JSON objects with one member or more.
      return { costMicros, entry: `${openEntry.slice(0, -1)},${JSON.stringify(rest).slice(1)}` };
    },
  };
}

/** Returns the team if it limits anything. */
function limitedTeam(team: Principal['team']): Principal['team'] {
  if (team === undefined) return undefined;
  const { concurrency, rpm, tpm } = team.limits;
  return (concurrency ?? rpm ?? tpm) !== undefined || hasBudget(team.budgets) ? team : undefined;
}

function openEntryOf(
  { operation, model, stream }: Order,
  { requestId, publicId, principal }: Requester,
  headers: IncomingHttpHeaders,
): Omit<OpenEntry, 'acceptedAt'> {
  const { tags, sessionId, agent } = readAttribution(headers, principal.tags);
  return {
    id: requestId,
    publicId: publicId === requestId ? undefined : publicId,
    keyId: principal.keyId,
    keyName: principal.name,
    teamId: principal.team?.id,
    owner: principal.owner,
    tags: [...tags],
    sessionId,
    agent,
    operation,
    model,
    stream,
  };
}
