import { describe, expect, it } from 'vitest';
import { type Audit, type CallHead, createAudit, type OpenCall } from '../../src/audit/audit.ts';

function begin(audit: Audit, head: Partial<CallHead> = {}): OpenCall {
  return audit.begin({ method: 'POST', path: '/x', query: '', credential: 'tok-a', rawHeaders: [], ...head });
}

describe('createAudit', () => {
  it('shows a call in progress', () => {
    const audit = createAudit();
    const call = begin(audit, { rawHeaders: ['Host', 'x', 'X-Trace', '1', 'x-trace', '2'] });
    expect(audit.calls()[0]).toMatchObject({
      outcome: 'open',
      status: null,
      headers: { host: 'x', 'x-trace': '1, 2' },
      firstTokenAt: null,
      endedAt: null,
    });
    call.setBody('{}');
    call.describe({ model: 'demo-t1', stream: true, conversation: 'c', directives: 't1' });
    call.answer(200);
    call.addTokens(2);
    call.addTokens(1);
    call.end('answered');
    const [record] = audit.calls();
    expect(record).toMatchObject({
      body: '{}',
      model: 'demo-t1',
      stream: true,
      conversation: 'c',
      directives: 't1',
      status: 200,
      tokensSent: 3,
      outcome: 'finished',
      abortedAt: null,
    });
    const moments = [record?.startedAt, record?.firstTokenAt, record?.endedAt].map((moment) => moment?.clockMs ?? NaN);
    expect(moments).toEqual(moments.toSorted((left, right) => left - right));
    expect(Math.abs(Date.now() - (record?.endedAt?.wallMs ?? 0))).toBeLessThan(5000);
  });

  it('keeps the first end of a call', () => {
    const audit = createAudit();
    const call = begin(audit);
    call.end('answered');
    call.end('aborted');
    expect(audit.calls()[0]).toMatchObject({ outcome: 'finished', abortedAt: null });
    expect(audit.stats()).toMatchObject({ open: 0, aborted: 0 });
  });

  it('distinguishes faulted, finished and aborted calls', () => {
    const audit = createAudit();
    const [faulted, aborted] = [begin(audit), begin(audit)];
    faulted.strike();
    faulted.end('answered');
    aborted.strike();
    aborted.end('aborted');
    const [first, second] = audit.calls();
    expect(first).toMatchObject({ outcome: 'faulted', abortedAt: null });
    expect(second).toMatchObject({ outcome: 'aborted', abortedAt: second?.endedAt });
  });

  it('counts calls and the maximum of open ones, in total and per credential', () => {
    const audit = createAudit();
    const [first, second] = [begin(audit), begin(audit, { credential: 'tok-b' })];
    first.answer(200);
    first.end('answered');
    begin(audit).answer(503);
    second.end('aborted');
    expect(audit.stats()).toEqual({
      total: 3,
      open: 1,
      peakOpen: 2,
      aborted: 1,
      byStatus: { 200: 1, 503: 1 },
      byCredential: { 'tok-a': { total: 2, open: 1, peakOpen: 1 }, 'tok-b': { total: 1, open: 0, peakOpen: 1 } },
    });
  });

  it('keeps open calls through a reset', () => {
    const audit = createAudit();
    const call = begin(audit);
    begin(audit).end('answered');
    audit.clear();
    expect(audit.calls()).toEqual([]);
    expect(audit.stats()).toMatchObject({ total: 0, open: 1, peakOpen: 1 });
    call.end('answered');
    expect(audit.stats()).toMatchObject({ open: 0, peakOpen: 1, byCredential: { 'tok-a': { open: 0 } } });
  });

  it('ends all open calls as faulted when connections are cut', () => {
    const audit = createAudit();
    begin(audit);
    audit.cutOpen();
    expect(audit.calls()[0]?.outcome).toBe('faulted');
    expect(audit.stats().open).toBe(0);
  });

  it('keeps the last 20,000 calls in order and counts all', () => {
    const audit = createAudit();
    for (let number = 1; number <= 20_003; number += 1) begin(audit).end('answered');
    const calls = audit.calls();
    expect(calls).toHaveLength(20_000);
    expect([calls[0]?.id, calls.at(-1)?.id]).toEqual(['call-4', 'call-20003']);
    expect(audit.stats().total).toBe(20_003);
  });

  it('keeps 64 KB of a body', () => {
    const audit = createAudit();
    begin(audit).setBody('a'.repeat(70_000));
    begin(audit).setBody('界'.repeat(30_000));
    const [ascii, wide] = audit.calls().map(({ body }) => Buffer.byteLength(body));
    expect(ascii).toBe(65_536);
    expect(wide).toBeLessThan(65_540);
  });

  it('removes old bodies before they take more than 64 MB', () => {
    const audit = createAudit();
    const body = 'a'.repeat(65_536);
    for (let number = 0; number < 1100; number += 1) begin(audit).setBody(body);
    const bodies = audit.calls().map((call) => call.body.length);
    expect(bodies.reduce((sum, length) => sum + length)).toBeLessThanOrEqual(64 * 1024 * 1024);
    expect(bodies[0]).toBe(0);
    expect(bodies.at(-1)).toBe(65_536);
  });
});
