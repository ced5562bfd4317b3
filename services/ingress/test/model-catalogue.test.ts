import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createModelCatalogue } from '../src/model-catalogue.ts';
import { configOf } from './config-of.ts';

interface Target {
  readonly upstream: string;
  readonly model?: string;
}

interface Entry {
  readonly id: string;
  readonly targets: readonly Target[];
}

const target = (upstream: string, model?: string): Target => ({ upstream, ...(model !== undefined && { model }) });
const entry = (id: string, ...targets: readonly Target[]): Entry => ({ id, targets });
const upstream = (id: string): object => ({ id, type: 'openai', base_url: `http://${id}` });

beforeEach(() => void vi.useFakeTimers({ now: 0, toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

function setUp(models: readonly Entry[], told: Record<string, readonly string[] | Error>) {
  const reads: string[] = [];
  const errors: unknown[] = [];
  let wanted = 0;
  const catalogue = createModelCatalogue({
    config: configOf({ models, upstreams: ['one', 'two', 'idle'].map(upstream) }),
    lists: {
      want: () => Promise.resolve(void wanted++),
      read: ({ id }) => {
        reads.push(id);
        const names = told[id];
        return names instanceof Error ? Promise.reject(names) : Promise.resolve(names);
      },
    },
    onError: (error) => errors.push(error),
    now: () => performance.now(),
  });
  const list = async (): Promise<string[]> => {
    const listed = catalogue.list();
    await vi.advanceTimersByTimeAsync(0);
    return (await listed).map(({ id, ownedBy }) => `${id} of ${ownedBy}`);
  };
  return { list, catalogue, reads, errors, told, wantedTimes: () => wanted };
}

describe('the models', () => {
  it('of the configuration are listed without asking upstreams', async () => {
    const { list, reads, wantedTimes } = setUp([entry('a', target('one')), entry('b-*', target('one', 'b'))], {});
    expect(await list()).toEqual(['a of one']);
    expect([reads, wantedTimes()]).toEqual([[], 0]);
  });

  it('of a glob are those that its upstreams list, each once, under the entry that serves them', async () => {
    const models = [
      entry('gpt-4', target('two', 'x')),
      entry('gpt-*', target('one'), target('two'), target('idle', 'fixed')),
      entry('*', target('two')),
    ];
    const { list, reads } = setUp(models, {
      one: ['gpt-5', 'GPT-4', 'claude'],
      two: ['zebra', 'gpt-5', 'gpt-4o', 'Zebra'],
    });
    expect(await list()).toEqual(['gpt-4 of two', 'gpt-4o of two', 'gpt-5 of one', 'Zebra of two']);
    expect(reads).toEqual(['one', 'two']);
  });

  it('are matched again only if a list has changed', async () => {
    const { catalogue, told } = setUp([entry('*', target('one'), target('two'))], { one: ['a', 'b'], two: [] });
    const read = async () => {
      await vi.advanceTimersByTimeAsync(5001);
      const listed = catalogue.list();
      await vi.advanceTimersByTimeAsync(0);
      return listed;
    };
    const first = await read();
    told['one'] = ['a', 'b'];
    expect(await read()).toBe(first);
    told['one'] = ['a', 'c'];
    const changed = await read();
    expect(changed.map(({ id }) => id)).toEqual(['a', 'c']);
    told['one'] = ['a'];
    expect((await read()).map(({ id }) => id)).toEqual(['a']);
  });

  it('make all concurrent requests wait on one timer', async () => {
    const { catalogue } = setUp([entry('*', target('one'))], {});
    const before = vi.getTimerCount();
    const listed = Array.from({ length: 50 }, () => catalogue.list());
    await vi.advanceTimersByTimeAsync(0);
    // The time limit of the wait, and the pause before the next poll.
    expect(vi.getTimerCount() - before).toBe(2);
    await vi.advanceTimersByTimeAsync(2100);
    expect(await Promise.all(listed)).toEqual(listed.map(() => []));
  });

  it('are read again after 5 s', async () => {
    const { list, told, reads } = setUp([entry('*', target('one'))], { one: ['a'] });
    await list();
    told['one'] = ['a', 'b'];
    await vi.advanceTimersByTimeAsync(4000);
    expect(await list()).toEqual(['a of one']);
    await vi.advanceTimersByTimeAsync(1500);
    expect(await list()).toEqual(['a of one', 'b of one']);
    expect(reads).toHaveLength(2);
  });

  it('are left out after 2 s if their upstream has given no list yet', async () => {
    const { catalogue } = setUp([entry('*', target('one'), target('two'))], { one: ['a'] });
    const before = performance.now();
    const listed = catalogue.list();
    await vi.advanceTimersByTimeAsync(1900);
    await expect(Promise.race([listed, Promise.resolve('waiting')])).resolves.toBe('waiting');
    await vi.advanceTimersByTimeAsync(200);
    expect((await listed).map(({ id }) => id)).toEqual(['a']);
    expect(performance.now() - before).toBeLessThan(2200);
  });

  it('are listed as soon as their upstream gives them', async () => {
    const { catalogue, told } = setUp([entry('*', target('one'))], {});
    const listed = catalogue.list();
    await vi.advanceTimersByTimeAsync(300);
    told['one'] = ['a'];
    await vi.advanceTimersByTimeAsync(100);
    await expect(Promise.race([listed, Promise.resolve('waiting')])).resolves.toEqual([{ id: 'a', ownedBy: 'one' }]);
  });

  it('of an upstream that gave no list are not awaited again for a minute', async () => {
    const { list, catalogue } = setUp([entry('*', target('one'))], {});
    const first = catalogue.list();
    await vi.advanceTimersByTimeAsync(2100);
    expect(await first).toEqual([]);
    await vi.advanceTimersByTimeAsync(6000);
    expect(await list()).toEqual([]);
    await vi.advanceTimersByTimeAsync(60_000);
    const later = catalogue.list();
    await vi.advanceTimersByTimeAsync(1000);
    await expect(Promise.race([later, Promise.resolve('waiting')])).resolves.toBe('waiting');
    await vi.advanceTimersByTimeAsync(1100);
  });

  it('stay listed while Redis is away', async () => {
    const { list, told, errors } = setUp([entry('*', target('one'))], { one: ['a'] });
    await list();
    const away = new Error('redis is away');
    told['one'] = away;
    await vi.advanceTimersByTimeAsync(6000);
    expect(await list()).toEqual(['a of one']);
    expect(errors).toEqual([away]);
  });
});
