import { load, type LoadResult } from './load.ts';
import { costOf, type ProcessCost, treeOf } from './process-cost.ts';
import type { Scenario } from './scenarios.ts';
import type { Setup } from './setup.ts';
import type { Surface } from './surfaces.ts';
import type { MeasuredTarget } from './targets.ts';
import { forgetCalls, type Legs, legsOf, recordedCalls } from './upstream-calls.ts';

/** One round of one scenario against one target. */
export interface Round extends LoadResult {
  /** CPU time of all processes between client and upstream; undefined if it can't be measured. */
  readonly cpuMs: number | undefined;
  /** Their memory at the end. */
  readonly rssBytes: number | undefined;
  /** Their greatest memory during the load. */
  readonly peakRssBytes: number | undefined;
  /** CPU time of the upstream by time, as a share of one core; undefined if it can't be measured. */
  readonly upstreamShare: number | undefined;
  /** Undefined for scenarios without times of tokens. */
  readonly legs: Legs | undefined;
}

export interface Measurement {
  readonly targets: readonly MeasuredTarget[];
  readonly surface: Surface;
  readonly scenario: Scenario;
  readonly seconds: number;
  readonly rounds: number;
  readonly upstream: Pick<Setup, 'upstreamUrl' | 'upstreamPid'>;
}

const mostWarmUpMs = 1000;
const sampleMs = 250;

/** Measures a scenario in rounds, in which the targets take turns, so that other load of the machine affects all equally. */
export async function measureInTurns(measurement: Measurement): Promise<Map<string, Round[]>> {
  const { targets, rounds } = measurement;
  const results = new Map<string, Round[]>(targets.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < targets.length; turn += 1) {
      // Each round begins with another target: who comes after whom must not matter either.
      const target = targets[(round + turn) % targets.length];
      if (target !== undefined) results.get(target.name)?.push(await measureOnce(measurement, target));
    }
  }
  return results;
}

async function measureOnce(measurement: Measurement, target: MeasuredTarget): Promise<Round> {
  const { surface, scenario, seconds, upstream } = measurement;
  const durationMs = seconds * 1000;
  if (scenario.isCold !== true) {
    await load({ target, surface, scenario, durationMs: Math.min(mostWarmUpMs, durationMs) });
  }
  if (scenario.isTimed === true) await forgetCalls(upstream.upstreamUrl);
  const tree = treeOf(target.pids);
  const before = costOf(tree);
  const upstreamBefore = costOf([upstream.upstreamPid]);
  let peakRssBytes = before?.rssBytes;
  const sampler = setInterval(() => {
    peakRssBytes = greater(peakRssBytes, costOf(tree)?.rssBytes);
  }, sampleMs);
  const result = await load({ target, surface, scenario, durationMs });
  clearInterval(sampler);
  const after = costOf(treeOf(target.pids));
  const upstreamCpuMs = cpuBetween(upstreamBefore, costOf([upstream.upstreamPid]));
  return {
    ...result,
    cpuMs: cpuBetween(before, after),
    rssBytes: after?.rssBytes,
    peakRssBytes: greater(peakRssBytes, after?.rssBytes),
    upstreamShare: upstreamCpuMs === undefined ? undefined : upstreamCpuMs / result.elapsedMs,
    legs: scenario.isTimed === true ? legsOf(result.answers, await recordedCalls(upstream.upstreamUrl)) : undefined,
  };
}

const cpuBetween = (before: ProcessCost | undefined, after: ProcessCost | undefined): number | undefined =>
  before && after && after.cpuMs - before.cpuMs;

const greater = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
