import type { KeyLimits, MoneyReservation, Refusal } from '@sluice/admission';
import { GatewayError } from '@sluice/protocol';
import type { Budgets } from '@sluice/records';
import type { Principal } from '../context.ts';
import { budgetError } from './budget-error.ts';

export interface RefusalFacts
  extends Pick<Refusal, 'reason' | 'retryAfterMs'>, Partial<Pick<Refusal, 'scope' | 'budget' | 'redisNow'>> {
  readonly principal: Pick<Principal, 'limits' | 'budgets' | 'team'>;
  /** Tokens that the request needs; undefined if its body is not read yet. */
  readonly tokens?: number;
  /** Money that the request reserves. */
  readonly money?: MoneyReservation | undefined;
}

/** Returns the error for a request that the limits of its key or team, or of the fleet, refuse. */
export function refusalError(facts: RefusalFacts): GatewayError {
  const { reason, retryAfterMs, tokens } = facts;
  const { name, limits, budgets } = refuserOf(facts);
  switch (reason) {
    case 'concurrency':
      return new GatewayError('concurrency_limit_exceeded', {
        message: `${capital(name)} has ${limits.concurrency} requests running, which is its limit.`,
        retryAfterMs,
      });
    case 'requests':
      return new GatewayError('rate_limit_exceeded', {
        message: `Rate limit${facts.scope === 'team' ? ` of ${name}` : ''} reached: ${limits.rpm} requests per minute.`,
        retryAfterMs,
      });
    case 'tokens':
      return new GatewayError('rate_limit_exceeded', {
        message:
          retryAfterMs === undefined
            ? `The request needs about ${tokens} tokens, more than the ${limits.tpm} tokens per minute of ${name}.`
            : `Rate limit${facts.scope === 'team' ? ` of ${name}` : ''} reached: ${limits.tpm} tokens per minute${tokens === undefined ? '' : `; this request needs about ${tokens}`}.`,
        retryAfterMs,
        retryable: retryAfterMs !== undefined,
      });
    case 'overloaded':
      return new GatewayError('server_overloaded', { retryAfterMs });
    case 'budget':
      return budgetError({ name, budgets, budget: facts.budget, money: facts.money, redisNow: facts.redisNow ?? 0 });
  }
}

interface Refuser {
  readonly name: string;
  readonly limits: KeyLimits;
  readonly budgets: Budgets;
}

function refuserOf({ scope, principal }: RefusalFacts): Refuser {
  const { team } = principal;
  if (scope === 'team' && team !== undefined) {
    return { name: `the team '${team.id}'`, limits: team.limits, budgets: team.budgets };
  }
  return { name: 'this API key', limits: principal.limits, budgets: principal.budgets };
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
