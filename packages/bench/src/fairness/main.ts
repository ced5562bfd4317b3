// `npm run bench -- fairness`: one key with 50 clients and 20 keys with one client each, while all leases are in use. The
// launcher starts the product and passes its address in BENCH_SETUP. Arguments: --seconds N (60).
import { parseArgs } from 'node:util';
import { Agent } from 'undici';
import { ask } from '../ask.ts';
import { percentile } from '../statistics.ts';
import { chat } from '../surfaces.ts';
import { jain } from './jain.ts';

/** Content of BENCH_SETUP. */
interface Setup {
  readonly gateway: { readonly url: string };
  /** Client keys. The first one has many clients. */
  readonly keys: readonly string[];
}

interface KeyResult {
  tokens: number;
  readonly totalMs: number[];
  errors: number;
}

const crowdClients = 50;
const leastJain = 0.95;
const mostTimes = 2;
/** Tokens of one answer. */
const tokens = 20;
/** The simulator sends the whole answer after 500 ms. */
const model = `demo-t${tokens}-f500`;

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } });
const durationMs = Number(values.seconds) * 1000;
if (!(durationMs > 0)) {
  console.error('Usage: npm run bench -- fairness [--seconds N]');
  process.exit(2);
}
const { gateway, keys } = JSON.parse(process.env['BENCH_SETUP'] ?? '{}') as Setup;
const [crowdKey = '', ...singleKeys] = keys;

/** Runs one client for each entry; each sends its next request after its answer. */
async function run(clients: readonly string[], forMs: number): Promise<Map<string, KeyResult>> {
  const agent = new Agent({ connections: clients.length, headersTimeout: 180_000, bodyTimeout: 180_000 });
  const results = new Map<string, KeyResult>(clients.map((key) => [key, { tokens: 0, totalMs: [], errors: 0 }]));
  const endsAt = performance.now() + forMs;
  await Promise.all(
    clients.map(async (apiKey, client) => {
      const result = results.get(apiKey);
      for (let at = 0; result !== undefined && performance.now() < endsAt; at++) {
        const question = {
          surface: chat,
          url: gateway.url,
          apiKey,
          model,
          stream: false,
          promptBytes: 0,
          rid: `c${client}n${at}`,
          tokens,
        };
        await ask(agent, question).then(
          (answer) => {
            // Requests that end after the measurement do not count.
            if (performance.now() < endsAt) result.tokens += answer.tokens;
            result.totalMs.push(answer.totalMs);
          },
          () => (result.errors += 1),
        );
      }
    }),
  );
  await agent.close();
  return results;
}

const timesOfSingles = (results: ReadonlyMap<string, KeyResult>): number[] =>
  singleKeys.flatMap((key) => results.get(key)?.totalMs ?? []);

await run(singleKeys, 1000);
const alone = await run(singleKeys, durationMs / 3);
const together = await run([...singleKeys, ...Array.from({ length: crowdClients }, () => crowdKey)], durationMs);
const shares = [...together.values()].map((result) => result.tokens);
const index = jain(shares);
const [aloneMs, togetherMs] = [alone, together].map((results) => percentile(timesOfSingles(results), 0.5));
const times = (togetherMs ?? Number.NaN) / (aloneMs ?? Number.NaN);
const errors = [...alone.values(), ...together.values()].reduce((sum, result) => sum + result.errors, 0);

console.log(`
| 20 keys with one client beside one with ${crowdClients}, ${values.seconds} s | |
| --- | --- |
| Jain's index over the keys' tokens (at least ${leastJain}) | ${index.toFixed(4)} |
| tokens of the crowd's key; of the others, on average | ${together.get(crowdKey)?.tokens}; ${Math.round(shares.reduce((sum, share) => sum + share, -(together.get(crowdKey)?.tokens ?? 0)) / singleKeys.length)} |
| median time of the single clients: alone; beside the crowd | ${Math.round(aloneMs ?? Number.NaN)} ms; ${Math.round(togetherMs ?? Number.NaN)} ms |
| times as long (at most ${mostTimes}) | ${times.toFixed(2)} |
| errors | ${errors} |`);
process.exit(index >= leastJain && times <= mostTimes && errors === 0 ? 0 : 1);
