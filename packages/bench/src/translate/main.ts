// `npm run bench -- translate`: chunks per second that each adapter translates on one core, compared with the bare stream.
// Arguments: types of providers, --tokens N, --rounds N, --milliseconds N, --json FILE.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type ProviderType, providers } from '@sluice/providers';
import { startSimulator } from '@sluice/simulator';
import { median } from '../statistics.ts';
import { capture, places } from './captures.ts';
import { passThrough, rateOf, translate } from './measure.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tokens: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '5' },
    milliseconds: { type: 'string', default: '300' },
    json: { type: 'string', default: '.sluice/bench-translate.json' },
  },
});
const known = Object.keys(places) as ProviderType[];
const unknown = positionals.filter((name) => !known.some((type) => type === name));
const [tokens, rounds, durationMs] = [values.tokens, values.rounds, values.milliseconds].map(Number);
if (unknown.length > 0 || !(tokens && rounds && durationMs)) {
  console.error(
    'Usage: npm run bench -- translate [provider …] [--tokens N] [--rounds N] [--milliseconds N] [--json FILE]',
  );
  console.error(`Providers: ${known.join(', ')}`);
  process.exit(2);
}

const simulator = await startSimulator({ port: 0 });
const results = [];
for (const type of known.filter((name) => positionals.length === 0 || positionals.includes(name))) {
  const place = places[type];
  const adapter = providers[type].create(place.options ?? {});
  const stream = await capture({ adapter, simulatorUrl: simulator.url, place, tokens });
  const bare: number[] = [];
  const translated: number[] = [];
  rateOf(() => translate(stream), durationMs);
  for (let round = 0; round < rounds; round += 1) {
    // In turns, so that other load of the machine affects both equally.
    bare.push(rateOf(() => passThrough(stream), durationMs));
    translated.push(rateOf(() => translate(stream), durationMs));
  }
  results.push({ type, chunksPerSecond: median(translated), bareChunksPerSecond: median(bare) });
}
await simulator.close();

const thousands = (rate: number): string => `${Math.round(rate / 1000)}k`;
console.log(
  `\nChunks per second on one core, with ${tokens} chunks per stream; bare: read and framed again without translation.\n`,
);
console.log('| adapter | translated | bare | ratio |\n| --- | ---: | ---: | ---: |');
for (const { type, chunksPerSecond, bareChunksPerSecond } of results) {
  const ratio = (chunksPerSecond / bareChunksPerSecond).toFixed(2);
  console.log(`| ${type} | ${thousands(chunksPerSecond)} | ${thousands(bareChunksPerSecond)} | ${ratio} |`);
}
const machine = { cpus: cpus().length, model: cpus()[0]?.model, node: process.version };
writeFileSync(values.json, `${JSON.stringify({ at: new Date().toISOString(), machine, results }, undefined, 2)}\n`);
