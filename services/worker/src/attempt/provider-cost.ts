import type { Usage } from '@sluice/protocol';

/** The largest believable cost of one call, in micro-dollars: a wrong number must not spoil the sums. */
const mostMicros = 1_000_000_000;

/**
 * Returns the cost that the provider itself reports, in micro-dollars. OpenRouter has `cost` in dollars
 * (https://openrouter.ai/docs/use-cases/usage-accounting); xAI has `cost_in_usd_ticks`, 10^10 to a dollar
 * (https://docs.x.ai/developers/cost-tracking).
 */
export function providerCostOf(usage: Usage | undefined): number | undefined {
  if (usage === undefined) return undefined;
  const { cost, cost_in_usd_ticks: ticks } = usage;
  if (typeof ticks === 'number') return toMicros(ticks / 10_000);
  return typeof cost === 'number' ? toMicros(cost * 1_000_000) : undefined;
}

function toMicros(micros: number): number | undefined {
  const rounded = Math.round(micros);
  return rounded >= 0 && rounded <= mostMicros ? rounded : undefined;
}
