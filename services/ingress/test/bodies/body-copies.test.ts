import type { OutboxWriter } from '@sluice/outbox';
import type { BodyEntry } from '@sluice/records';
import { describe, expect, it, vi } from 'vitest';
import { openCopies } from '../../src/bodies/body-copies.ts';
import { createBodyLog } from '../../src/bodies/body-log.ts';
import { createBodySeal } from '../../src/bodies/body-seal.ts';
import { createBodyBudget } from '../../src/middleware/body-budget.ts';

const seal = createBodySeal('secret-of-the-operator');

function setUp(maxBytes = 1024, totalBytes = 400_000) {
  const entries: BodyEntry[] = [];
  const outbox: OutboxWriter<BodyEntry> = {
    add: (entry) => void entries.push(entry),
    flush: () => Promise.resolve(true),
    close: () => undefined,
  };
  const onShed = vi.fn<() => void>();
  const onError = vi.fn<(error: unknown) => void>();
  const log = createBodyLog({ maxBytes, seal, outbox, onShed, onError });
  const budget = createBodyBudget({ totalBytes, perKeyBytes: totalBytes });
  const open = (body: string, secrets: string[] = []) =>
    openCopies({ log, room: budget.copies, clock: () => 1000 }, { id: 'r', body: Buffer.from(body), secrets });
  /** Returns what is stored, opened. */
  async function stored() {
    await log.flush(1000);
    return await Promise.all(
      entries.map(async ({ content, ...rest }) => ({
        ...rest,
        text: await seal.open(Buffer.from(content, 'base64'), rest),
      })),
    );
  }
  return { open, stored, entries, budget, onShed, onError };
}

describe('the copies of a request', () => {
  it('are sealed with the body and the answer, masked', async () => {
    const test = setUp();
    const copies = test.open('{"content":"plainkey and sk-other-0001"}', ['plainkey']);
    copies?.answered('{"answer":"sk-answer-0001"}', false);
    copies?.close();
    copies?.close();
    const same = { id: 'r', arrivedAt: 1000, isTruncated: false };
    expect(await test.stored()).toEqual([
      { ...same, kind: 'request', sizeBytes: 40, text: '{"content":"[redacted] and [redacted]"}' },
      { ...same, kind: 'response', sizeBytes: 27, text: '{"answer":"[redacted]"}' },
    ]);
    expect(JSON.stringify(test.entries)).not.toContain('content":"[');
    expect([test.budget.held, test.onShed.mock.calls, test.onError.mock.calls]).toEqual([0, [], []]);
  });

  it('find a secret that a stream sends in pieces', async () => {
    const test = setUp();
    const copies = test.open('{}');
    for (const content of ['my key: s', 'k-te', 'am-0001!']) {
      copies?.answered(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`, true);
    }
    copies?.close();
    expect((await test.stored())[1]?.text).toBe(
      '{"choices":[{"index":0,"message":{"content":"my key: [redacted]!"}}]}',
    );
  });

  it('are cut at their size, and marked', async () => {
    const test = setUp();
    const long = 'word '.repeat(1000);
    const copies = test.open(long);
    copies?.answered(long, false);
    copies?.close();
    expect(await test.stored()).toEqual(
      ['request', 'response'].map((kind) => ({
        id: 'r',
        kind,
        arrivedAt: 1000,
        sizeBytes: 5000,
        isTruncated: true,
        text: long.slice(0, 1024),
      })),
    );
  });

  it('have no answer if nothing was sent', async () => {
    const test = setUp();
    test.open('{}')?.close();
    expect((await test.stored()).map(({ kind }) => kind)).toEqual(['request']);
  });

  it('are shed while copies use up their part of the budget', async () => {
    const test = setUp(1024, 44_000);
    const first = test.open('word '.repeat(1800));
    expect([test.open('word '.repeat(1800)), test.open('word '.repeat(1800))]).toEqual([expect.anything(), undefined]);
    expect(test.onShed).toHaveBeenCalledOnce();
    first?.answered('word '.repeat(1800), false);
    first?.close();
    expect((await test.stored()).map(({ kind, isTruncated }) => [kind, isTruncated])).toEqual([
      ['request', true],
      ['response', true],
    ]);
    expect(test.open('word '.repeat(1800))).toBeDefined();
  });
});

describe('the seal of a body', () => {
  it('opens for its request and kind alone, with its secret alone', async () => {
    const place = { id: 'r', kind: 'request' } as const;
    const sealed = await seal.close('Grüße', place);
    expect(sealed.includes('Gr')).toBe(false);
    expect(await seal.open(sealed, place)).toBe('Grüße');
    expect(await seal.open(sealed, { ...place, id: 'q' })).toBeUndefined();
    expect(await seal.open(sealed, { ...place, kind: 'response' })).toBeUndefined();
    expect(await createBodySeal('another-secret-0001').open(sealed, place)).toBeUndefined();
  });
});
