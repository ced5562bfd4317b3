// `npm run bench`: the launcher starts the product and passes its addresses in BENCH_SETUP. Arguments: names of
// scenarios, --seconds N, --rounds N, --json FILE.
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { load, type Target } from './load.ts';
import { costOf } from './process-cost.ts';
import { figuresOf, type Round, tableOf } from './report.ts';
import { type Scenario, scenarios } from './scenarios.ts';

/** Content of BENCH_SETUP. */
interface Setup {
  readonly upstreamUrl: string;
  readonly gateway: { readonly url: string; readonly apiKey: string; readonly pids: readonly number[] };
}

interface MeasuredTarget extends Target {
  /** Ids of all processes between client and upstream. */
  readonly pids: readonly number[];
}

const warmUpMs = 1000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'string', default: '.sluice/bench.json' },
  },
});
const unknown = positionals.filter((name) => !scenarios.some((scenario) => scenario.name === name));
if (unknown.length > 0 || !(Number(values.seconds) > 0) || !(Number(values.rounds) > 0)) {
  const names = scenarios.map(({ name }) => name).join(', ');
  console.error(`Usage: npm run bench -- [scenario …] [--seconds N] [--rounds N] [--json FILE]\nScenarios: ${names}`);
  process.exit(2);
}

const setup = JSON.parse(process.env['BENCH_SETUP'] ?? '{}') as Setup;
const proxy = fork(fileURLToPath(new URL('./plain-proxy.js', import.meta.url)), [setup.upstreamUrl]);
const proxyPort = await new Promise<number>((resolve, reject) => {
  proxy.once('message', (message: { readonly port: number }) => resolve(message.port));
  proxy.once('error', reject);
});
const targets: readonly MeasuredTarget[] = [
  { name: 'direct', url: setup.upstreamUrl, apiKey: 'sim', pids: [] },
  {
    name: 'express + undici',
    url: `http://127.0.0.1:${proxyPort}/v1`,
    apiKey: 'sim',
    pids: proxy.pid === undefined ? [] : [proxy.pid],
  },
  { name: 'sluice', ...setup.gateway },
];

async function measure(target: MeasuredTarget, scenario: Scenario): Promise<Round> {
  await load({ target, scenario, durationMs: warmUpMs });
  const before = costOf(target.pids);
  const result = await load({ target, scenario, durationMs: Number(values.seconds) * 1000 });
  const after = costOf(target.pids);
  const cpuMs = before === undefined || after === undefined ? undefined : after.cpuMs - before.cpuMs;
  return { ...result, cpuMs, rssBytes: after?.rssBytes };
}

const results = [];
const chosen = positionals.length === 0 ? scenarios : scenarios.filter(({ name }) => positionals.includes(name));
for (const scenario of chosen) {
  const rounds = new Map<string, Round[]>(targets.map(({ name }) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    // In turns, so that other load of the machine affects all targets equally.
    for (const target of targets) rounds.get(target.name)?.push(await measure(target, scenario));
  }
  const figures = targets.map(({ name }) => figuresOf(name, rounds.get(name) ?? []));
  results.push({
    scenario,
    figures,
    failures: [...new Set([...rounds.values()].flat().flatMap(({ errors }) => errors))],
  });
  console.log(`\n${scenario.name}: ${scenario.about}\n\n${tableOf(figures)}`);
}
const machine = { cpus: cpus().length, model: cpus()[0]?.model, node: process.version, platform: process.platform };
writeFileSync(values.json, `${JSON.stringify({ at: new Date().toISOString(), machine, results }, undefined, 2)}\n`);
console.log(`\nCPU and memory of sluice are the sums of ingress, worker and Redis. All figures: ${values.json}`);
proxy.disconnect();
process.exit(results.some(({ figures }) => figures.some(({ errors }) => errors > 0)) ? 1 : 0);
