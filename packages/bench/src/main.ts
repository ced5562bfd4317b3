// `npm run bench`: the launcher starts the product and passes its addresses in BENCH_SETUP. `arguments.ts` has the arguments.
import { writeFileSync } from 'node:fs';
import { beginOrExit } from './begin.ts';
import { exitCodeOf, figuresInRounds, figuresOf } from './figures.ts';
import { machineOf } from './machine.ts';
import { measureInTurns } from './measure.ts';
import { tableOf } from './report.ts';
import { scenarios } from './scenarios.ts';
import { type ByTarget, summaryTable } from './summary.ts';
import { chat } from './surfaces.ts';
import { startPlainProxy } from './targets.ts';
import { explainErrors, explainLimits, explainPeers } from './texts.ts';

const defaultSeconds = 3;

const begun = await beginOrExit({
  usage: 'npm run bench -- [scenario …]',
  names: scenarios.map(({ name }) => name),
  noun: 'scenario',
  json: '.sluice/bench.json',
  hasConcurrency: false,
});
const { given, setup } = begun;
const { direct, sluice, peers } = begun.targets;
const proxy = await startPlainProxy(setup.upstreamUrl);
const targets = [direct, proxy, sluice, ...peers];

const results = [];
const summary = new Map<string, ByTarget>();
for (const scenario of scenarios.filter(({ name }) => given.names.length === 0 || given.names.includes(name))) {
  const seconds = given.seconds ?? scenario.seconds ?? defaultSeconds;
  const measurement = { targets, surface: chat, scenario, seconds, rounds: given.rounds };
  const rounds = await measureInTurns({ ...measurement, upstream: setup });
  const figures = targets.map(({ name }) => figuresOf(name, rounds.get(name) ?? []));
  const failures = explainErrors(rounds);
  results.push({ scenario, seconds, figures, failures, inRounds: figuresInRounds(rounds) });
  summary.set(scenario.name, new Map(figures.map((each) => [each.target, each])));
  console.log(`\n${scenario.name}: ${scenario.about}\n\n${tableOf(figures)}`);
  for (const failure of failures) console.log(failure);
}
const table = summaryTable({
  results: summary,
  targets: [sluice, ...peers, proxy, direct].map(({ name }) => name),
  subject: sluice.name,
  others: [...peers, proxy].map(({ name }) => name),
});
console.log(`\nMedians of ${given.rounds} rounds, in turns\n\n${table}\n`);
const all = results.flatMap(({ figures }) => figures);
for (const line of [...explainLimits(all), ...explainPeers(peers)]) console.log(line);
console.log(`CPU and memory of ${sluice.name} are the sums of ingress, worker and Redis. All figures: ${given.json}`);
const report = { at: new Date().toISOString(), machine: machineOf(), rounds: given.rounds, results, table };
writeFileSync(given.json, `${JSON.stringify(report, undefined, 2)}\n`);
process.exit(exitCodeOf(all, peers));
