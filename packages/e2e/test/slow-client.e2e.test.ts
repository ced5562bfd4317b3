import { until, verifies } from '@sluice/testkit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiKey, type Sluice, startSluice } from './sluice.ts';
import { metric, openStream, readAnswer, startedStream, tokensOf, untilOccupied } from './traffic.ts';

/** 4 KB a token: some megabytes, more than all buffers of the operating system hold. */
const wide = 'demo-t4000-s4096-u500';

let sluice: Sluice;
beforeAll(async () => {
  sluice = await startSluice({
    ingresses: 1,
    workers: 1,
    config: {
      keys: [{ name: 'test', key: apiKey }],
      server: { pause_at_bytes: 65_536, slow_client_bytes: 8_000_000, slow_client_ms: 2000 },
    },
  });
});
beforeEach(() => sluice.simulator.reset());

const sentTokens = async (): Promise<number> => (await sluice.simulator.calls())[0]?.tokensSent ?? 0;

describe('a client that does not read', () => {
  it('slows its provider down, and is disconnected in the end', verifies('001-12', '001-13'), async () => {
    const cutBefore = await metric(sluice.fleet.ingresses[0]?.managementUrl ?? '', 'sluice_slow_clients_total');
    const answer = await startedStream(sluice, { model: wide });
    await until(
      async () =>
        (await metric(sluice.fleet.ingresses[0]?.managementUrl ?? '', 'sluice_slow_clients_total')) === cutBefore + 1,
      {
        what: 'the client to be disconnected',
      },
    );
    await untilOccupied(sluice, { running: 0, waiting: 0 });
    expect(await sentTokens()).toBeLessThan(4000);
    expect((await sluice.simulator.stats()).open).toBe(0);
    await answer.finish();
    expect(readAnswer(answer).isDone).toBe(false);
  });
});

describe('a client that reads slowly', () => {
  it('gets every byte', async () => {
    const answer = await openStream(sluice, { model: wide, content: 'rid=x' });
    let pieces = 0;
    for await (const piece of answer.pieces()) {
      expect(piece.length).toBeGreaterThan(0);
      pieces += 1;
      // A pause after each of the first pieces, until all buffers between client and provider are full.
      if (pieces <= 3) {
        let before = -1;
        const isHeldBack = async (): Promise<boolean> => {
          const last = before;
          before = await sentTokens();
          return before === last;
        };
        await until(isHeldBack, { what: 'the provider to be slowed down' });
        expect(before).toBeLessThan(4000);
      }
    }
    expect(await answer.finish()).toBe('whole');
    const padding = `.${'x'.repeat(4096)} `;
    expect(readAnswer(answer)).toMatchObject({ isDone: true, errorCode: undefined });
    expect(readAnswer(answer).text.replaceAll(padding, ' ')).toBe(tokensOf('x', 4000));
  });
});
