import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSeries } from '../src/series.ts';

const newCell = () => ({ value: 0 });

describe('createSeries', () => {
  it('gives the same cell for the same values', () => {
    const series = createSeries({ model: ['a', 'b'], code: ['2xx', '5xx'] }, newCell);
    series.at('a', '5xx').value += 2;
    series.at('a', '5xx').value += 3;
    expect(Array.from(series.all())).toEqual([{ labels: { model: 'a', code: '5xx' }, cell: { value: 5 } }]);
  });

  it('counts unlisted values as `other` and absent ones as `none`', () => {
    const series = createSeries({ model: ['a'], code: ['2xx'] }, newCell);
    series.at('made-up');
    expect(Array.from(series.all(), ({ labels }) => labels)).toEqual([{ model: 'other', code: 'none' }]);
  });

  it('accepts a configured value with the name `other`', () => {
    const series = createSeries({ model: ['other', 'none', 'other'] }, newCell);
    expect(series.at('other')).toBe(series.at('made-up'));
    expect(series.at('none')).toBe(series.at());
  });

  it('has one cell without labels', () => {
    const series = createSeries({}, newCell);
    expect(series.at('ignored')).toBe(series.at());
  });

  it('is empty after clear', () => {
    const series = createSeries({}, newCell);
    series.at().value = 7;
    series.clear();
    expect(Array.from(series.all())).toEqual([]);
    expect(series.at().value).toBe(0);
  });

  it('separates each combination of up to four labels and stays within their product, for every input', () => {
    const label = fc.option(fc.oneof(fc.constantFrom('a', 'b', '__proto__'), fc.string()), { nil: undefined });
    fc.assert(
      fc.property(fc.array(fc.tuple(label, label, label, label), { maxLength: 200 }), (calls) => {
        const series = createSeries({ p: ['a', 'b'], q: ['a'], r: ['a', 'b'], s: [] }, newCell);
        for (const values of calls) series.at(...values).value++;
        const entries = Array.from(series.all());
        expect(entries.length).toBeLessThanOrEqual(4 * 3 * 4 * 2);
        expect(new Set(entries.map(({ labels }) => JSON.stringify(labels))).size).toBe(entries.length);
        expect(entries.reduce((sum, { cell }) => sum + cell.value, 0)).toBe(calls.length);
      }),
    );
  });
});
