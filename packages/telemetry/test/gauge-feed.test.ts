import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createGaugeFeed } from '../src/gauge-feed.ts';
import { createSeries } from '../src/series.ts';

const newGauge = () => createSeries({}, () => ({ value: 0 }));
const valuesOf = (gauge: ReturnType<typeof newGauge>) => Array.from(gauge.all(), ({ cell }) => cell.value);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('createGaugeFeed', () => {
  it('queries the source at each refresh and shows its latest value', async () => {
    const gauge = newGauge();
    const feed = createGaugeFeed();
    const source = vi.fn<() => number>().mockReturnValueOnce(1).mockReturnValueOnce(2);
    feed.add({ gauges: [gauge], source, apply: (value) => void (gauge.at().value += value) });
    expect(valuesOf(gauge)).toEqual([]);
    await feed.refresh();
    await feed.refresh();
    expect(valuesOf(gauge)).toEqual([2]);
  });

  it('leaves gauges without a source absent', async () => {
    const gauge = newGauge();
    const feed = createGaugeFeed();
    feed.add({ gauges: [gauge], source: undefined, apply: () => void (gauge.at().value = 1) });
    await feed.refresh();
    expect(valuesOf(gauge)).toEqual([]);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('away');
      },
    ],
    ['rejects', () => Promise.reject(new Error('away'))],
  ])('makes the gauges absent when the source %s, and keeps the others', async (_, failing) => {
    const [broken, sound] = [newGauge(), newGauge()];
    const feed = createGaugeFeed();
    const source = vi.fn<() => number | Promise<number>>().mockReturnValueOnce(1).mockImplementation(failing);
    feed.add({ gauges: [broken], source, apply: (value) => void (broken.at().value = value) });
    feed.add({ gauges: [sound], source: () => 5, apply: (value) => void (sound.at().value = value) });
    await feed.refresh();
    expect(valuesOf(broken)).toEqual([1]);
    await feed.refresh();
    expect(valuesOf(broken)).toEqual([]);
    expect(valuesOf(sound)).toEqual([5]);
  });

  it('waits a second for a source that hangs, and ignores its late value', async () => {
    const gauge = newGauge();
    const feed = createGaugeFeed();
    const { promise, resolve } = Promise.withResolvers<number>();
    feed.add({ gauges: [gauge], source: () => promise, apply: (value) => void (gauge.at().value = value) });
    const refreshed = feed.refresh();
    await vi.advanceTimersByTimeAsync(1000);
    await refreshed;
    resolve(9);
    await promise;
    expect(valuesOf(gauge)).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not add up two concurrent refreshes', async () => {
    const gauge = newGauge();
    const feed = createGaugeFeed();
    feed.add({
      gauges: [gauge],
      source: () => Promise.resolve(3),
      apply: (value) => void (gauge.at().value += value),
    });
    await Promise.all([feed.refresh(), feed.refresh()]);
    expect(valuesOf(gauge)).toEqual([3]);
  });
});
