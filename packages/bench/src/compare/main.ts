// `npm run bench -- compare`: the figures that GoModel's public benchmark states, for Sluice and other gateways. The launcher
// starts the product and passes its addresses in BENCH_SETUP. `../arguments.ts` has the arguments.
import { writeFileSync } from 'node:fs';
import { beginOrExit } from '../begin.ts';
import { exitCodeOf, figuresInRounds, figuresOf } from '../figures.ts';
import { machineOf } from '../machine.ts';
import { measureInTurns } from '../measure.ts';
import { surfaces } from '../surfaces.ts';
import { explainErrors, explainLimits, explainPeers } from '../texts.ts';
import { footprintOf, footprintOfPeer, startsOfEach } from './footprints.ts';
import { footprintTable, workloadTable } from './tables.ts';
import { workloadsOf } from './workloads.ts';

const defaultSeconds = 3;

const begun = await beginOrExit({
  usage: 'npm run bench -- compare [surface …]',
  names: surfaces.map(({ name }) => name),
  noun: 'surface',
  json: '.sluice/bench-compare.json',
  hasConcurrency: true,
});
const { given, setup } = begun;
const { direct, sluice, peers } = begun.targets;

const measured = [direct, sluice, ...peers];
const results = [];
for (const { surface, scenario } of workloadsOf(given.names, given.concurrency)) {
  const { name, about, clients, stream } = scenario;
  console.log(`${name}, ${about} …`);
  const seconds = given.seconds ?? defaultSeconds;
  const measurement = { targets: measured, surface, scenario, seconds, rounds: given.rounds };
  const rounds = await measureInTurns({ ...measurement, upstream: setup });
  const figures = measured.map((target) => figuresOf(target.name, rounds.get(target.name) ?? []));
  const failures = explainErrors(rounds).map((failure) => `${name}, ${about}: ${failure}`);
  results.push({ operation: name, clients, stream, seconds, figures, failures, inRounds: figuresInRounds(rounds) });
}
const footprints = [
  await footprintOf(direct.name, []),
  await footprintOf(sluice.name, setup.services),
  ...(await Promise.all(given.peers.map(footprintOfPeer))),
];

const tables = { workloads: workloadTable(results), footprint: footprintTable(results, footprints) };
console.log(`\nMedians of ${given.rounds} rounds, in turns\n\n${tables.workloads}\n\n${tables.footprint}\n`);
const all = results.flatMap(({ figures }) => figures);
for (const line of results.flatMap(({ failures }) => failures)) console.log(line);
for (const line of [...explainLimits(all), ...explainPeers(peers)]) console.log(line);
console.log(
  `CPU and memory of ${sluice.name} are the sums of ingress, worker and Redis. A cold start is the median of`,
);
console.log(`${startsOfEach}, from the start of the process until /readyz answers 200. All figures: ${given.json}`);
const report = {
  at: new Date().toISOString(),
  machine: machineOf(),
  rounds: given.rounds,
  results,
  footprints: footprints.map((each) => ({
    target: each.target,
    images: Object.fromEntries(each.images),
    coldStarts: Object.fromEntries(each.coldStarts),
  })),
  tables,
};
writeFileSync(given.json, `${JSON.stringify(report, undefined, 2)}\n`);
process.exit(exitCodeOf(all, peers));
