import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createJobSeal } from '../src/index.ts';
import { jobWith } from './job-with.ts';

const seal = createJobSeal('a-secret-of-the-operator-0001');
const job = jobWith({ deadlineAt: 1 });
const travel = (data: object): Record<string, unknown> => JSON.parse(JSON.stringify(data));

describe('a signed job', () => {
  it('is genuine after a round trip through Redis', () => {
    expect(seal.isGenuine(travel(seal.sign(job)))).toBe(true);
  });

  it('is genuine with fields unknown to this replica', () => {
    const ofTomorrow = { ...job, newField: 1 };
    expect(seal.isGenuine(travel(seal.sign(ofTomorrow)))).toBe(true);
  });

  it.each(Object.keys(job))('is not genuine once its %s is changed or left out', (name) => {
    const { [name]: value, ...rest } = travel(seal.sign(job));
    expect(seal.isGenuine({ ...rest, [name]: typeof value === 'number' ? value + 1 : 'other' })).toBe(false);
    expect(seal.isGenuine(rest)).toBe(false);
  });

  it('is not genuine with an added field', () => {
    expect(seal.isGenuine({ ...travel(seal.sign(job)), keepsThinkingMarkup: true })).toBe(false);
  });

  it('is rejected for random input without an exception', () => {
    fc.assert(
      fc.property(fc.anything(), (data) => {
        expect(seal.isGenuine(data)).toBe(false);
      }),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), (data, mac) => {
        expect(seal.isGenuine({ ...data, mac })).toBe(false);
      }),
    );
  });
});

describe('a sealed body', () => {
  it('opens for its own request only', () => {
    const closed = seal.closeBody(Buffer.from('{"grüße":"🙂"}'), 'r');
    expect(seal.openBody(closed, 'r')).toEqual({ kind: 'open', text: '{"grüße":"🙂"}' });
    expect(seal.openBody(closed, 'r2').kind).toBe('unreadable');
  });

  it('is unreadable if any other data replaces it', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.boolean(), (bytes, isMarked) => {
        const stored = Buffer.concat([Buffer.from(isMarked ? 's1.' : '{'), bytes]);
        expect(seal.openBody(stored, 'r').kind).toBe('unreadable');
        expect(seal.openDelivered(stored.toString('latin1'), job).kind).toBe('unreadable');
      }),
    );
  });

  it('with a delivered text opens for its own run only', () => {
    const closed = seal.closeDelivered('{}', job);
    expect(seal.openDelivered(closed, job)).toEqual({ kind: 'open', text: '{}' });
    expect(seal.openDelivered(closed, { ...job, epoch: 2 }).kind).toBe('unreadable');
  });

  it('is plain text without a secret', () => {
    const open = createJobSeal(undefined);
    const body = Buffer.from('{}');
    expect(open.openBody(open.closeBody(body, 'r'), 'r')).toEqual({ kind: 'open', text: '{}' });
    expect([open.closeBody(body, 'r'), open.sign(job), open.closeDelivered('x', job)]).toEqual([body, job, 'x']);
    expect(open.openBody(seal.closeBody(body, 'r'), 'r').kind).toBe('unreadable');
  });
});
