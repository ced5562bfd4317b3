import { connectStore, type Store } from '@sluice/store';
import { afterFile, createTestDatabase, until } from '@sluice/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Sluice, startSluice, upstream } from './sluice.ts';
import { post } from './traffic.ts';

let sluice: Sluice;
let store: Store;
beforeAll(async () => {
  const url = await createTestDatabase();
  store = connectStore({
    url,
    poolSize: 1,
    statementTimeoutMs: 10_000,
    connectTimeoutMs: 5000,
    onError: () => undefined,
  });
  afterFile(() => store.close());
  sluice = await startSluice({
    ingresses: 2,
    workers: 1,
    config: (simulatorUrl) => ({
      database: { url },
      upstreams: [{ ...upstream('sim', simulatorUrl), whole_answers: 'collect' }],
    }),
  });
});

const attempts = () =>
  store.db.selectFrom('ledger_attempts').select(['outcome', 'estimated', 'fresh_tokens', 'output_tokens']).execute();

describe('a call whose worker and ingress are killed together', () => {
  it('is in the ledger, with what had arrived of its whole answer', async () => {
    const [ingress] = sluice.fleet.ingresses;
    const [worker] = sluice.fleet.workers;
    const asked = post(sluice, { model: 'demo-t2000-i20', content: 'rid=lost' }).catch(() => undefined);
    await until(async () => ((await sluice.simulator.calls())[0]?.tokensSent ?? 0) > 50, { what: 'fifty tokens' });
    ingress?.kill('SIGKILL');
    worker?.kill('SIGKILL');
    await asked;
    const [lost] = await until(async () => ((await attempts()).length > 0 ? await attempts() : undefined), {
      what: 'the entry of the call',
      timeoutMs: 30_000,
    });
    const [call] = await sluice.simulator.calls();
    expect(lost).toMatchObject({ outcome: 'lost', estimated: true });
    expect(lost?.fresh_tokens).toBeGreaterThan(0);
    // A loaded machine keeps the progress late; it never invents a token.
    expect(lost?.output_tokens).toBeGreaterThan(25);
    expect(lost?.output_tokens).toBeLessThanOrEqual(call?.tokensSent ?? 0);
  });
});
