import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCarrier, writeCarrier } from '../src/trace-context.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const traceparent = `00-${traceId}-${spanId}-01`;

describe('readCarrier', () => {
  it('reads a W3C trace context', () => {
    expect(readCarrier({ traceparent })).toEqual({ traceId, spanId, traceFlags: 1, isRemote: true });
    expect(readCarrier({ traceparent: `00-${traceId}-${spanId}-02` })?.traceFlags).toBe(0);
  });

  it('reads a later version with unknown parts', () => {
    expect(readCarrier({ traceparent: `cc-${traceId}-${spanId}-01-what-else` })?.traceId).toBe(traceId);
  });

  it.each([
    undefined,
    '',
    'garbage',
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-01-more`,
    `ff-${traceId}-${spanId}-01`,
    ` ${traceparent}`,
  ])('treats %j as absent', (text) => {
    expect(readCarrier({ traceparent: text })).toBeUndefined();
  });

  it.each(['', 'a=ü', `a=${'x'.repeat(512)}`])('drops an invalid tracestate: %j', (tracestate) => {
    expect(readCarrier({ traceparent, tracestate })?.traceState).toBeUndefined();
  });
});

describe('writeCarrier', () => {
  it('writes what was read', () => {
    const context = readCarrier({ traceparent, tracestate: 'vendor=1,other=2' });
    expect(context === undefined ? undefined : writeCarrier(context)).toEqual({
      traceparent,
      tracestate: 'vendor=1,other=2',
    });
  });

  it('writes only carriers that it can read', () => {
    const hex = (length: number) =>
      fc.string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: length, maxLength: length });
    fc.assert(
      fc.property(hex(32), hex(16), fc.integer({ min: 0, max: 255 }), (trace, span, traceFlags) => {
        fc.pre(!/^0+$/.test(trace) && !/^0+$/.test(span));
        const carrier = writeCarrier({ traceId: trace, spanId: span, traceFlags });
        expect(readCarrier(carrier)).toMatchObject({ traceId: trace, spanId: span, traceFlags: traceFlags & 1 });
      }),
    );
  });
});
