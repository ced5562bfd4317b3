// `npm run bench -- compare`: the figures that GoModel's public benchmark states, for Sluice and other gateways. The launcher
// starts the product and passes its addresses in BENCH_SETUP. `../arguments.ts` has the arguments.
import { writeFileSync } from 'node:fs';
import { begin } from '../begin.ts';
import { exitCodeOf, figuresOf } from '../figures.ts';
import { machineOf } from '../machine.ts';
import { measureInTurns } from '../measure.ts';
import type { Peer } from '../peer-arguments.ts';
import type { Setup } from '../setup.ts';
import { surfaces } from '../surfaces.ts';
import type { Targets } from '../targets.ts';
import { explainLimits, explainErrors, explainPeers } from '../texts.ts';
import { coldStartMs } from './cold-start.ts';
import { imageMegabytes } from './image-size.ts';
import { type Footprint, footprintTable, type WorkloadFigures, workloadTable } from './tables.ts';
import { workloadsOf } from './workloads.ts';

const defaultSeconds = 3;
const coldStarts = 5;

const begun = await begin({
  usage: 'npm run bench -- compare [surface …]',
  names: surfaces.map(({ name }) => name),
  noun: 'surface',
  json: '.sluice/bench-compare.json',
  argv: process.argv.slice(2),
  setup: process.env['BENCH_SETUP'],
});
if (begun.kind === 'ended') {
  if (begun.text !== '') console.error(begun.text);
  process.exit(begun.exitCode);
}
const { given, setup, targets } = begun;
const { direct, sluice, peers } = targets;
console.log(`\nUpstream: ${setup.upstreamUrl}`);

async function footprintsOf(
  { direct, sluice }: Targets,
  { services }: Setup,
  peers: readonly Peer[],
): Promise<Footprint[]> {
  const images = new Map<string, number | undefined>();
  const starts = new Map<string, number>();
  for (const service of services) {
    images.set(service.name, await imageMegabytes(service.image));
    starts.set(service.name, await coldStartMs(service, coldStarts));
  }
  const ofPeers = peers.map(async ({ name, image }) => ({
    target: name,
    images: new Map(image === undefined ? [] : [[image, await imageMegabytes(image)] as const]),
    // The person has started it.
    coldStarts: new Map<string, number>(),
  }));
  return [
    { target: direct.name, images: new Map(), coldStarts: new Map() },
    { target: sluice.name, images, coldStarts: starts },
    ...(await Promise.all(ofPeers)),
  ];
}

const results: (WorkloadFigures & { readonly failures: readonly string[] })[] = [];
for (const { surface, scenario } of workloadsOf(given.names, given.concurrency)) {
  const { name, clients, stream } = scenario;
  console.log(`${name}, ${clients} clients …`);
  const rounds = await measureInTurns({
    targets: [direct, sluice, ...peers],
    surface,
    scenario,
    seconds: given.seconds ?? defaultSeconds,
    rounds: given.rounds,
    upstream: setup,
  });
  const figures = [direct, sluice, ...peers].map((target) => figuresOf(target.name, rounds.get(target.name) ?? []));
  results.push({ operation: name, clients, stream, figures, failures: explainErrors(rounds) });
}
const footprints = await footprintsOf(targets, setup, given.peers);

const tables = { workloads: workloadTable(results), footprint: footprintTable(results, footprints) };
console.log(`\nMedians of ${given.rounds} rounds, in turns\n\n${tables.workloads}\n\n${tables.footprint}\n`);
const all = results.flatMap(({ figures }) => figures);
for (const line of results.flatMap(({ failures }) => failures)) console.log(line);
for (const line of [...explainLimits(all), ...explainPeers(peers)]) console.log(line);
console.log(
  `CPU and memory of ${sluice.name} are the sums of ingress, worker and Redis; a cold start is the median of`,
);
console.log(`${coldStarts}, from the start of the process until /readyz answers 200. All figures: ${given.json}`);
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
