import { describe, expect, it } from 'vitest';
import { createWorkerWatch } from '../../../src/inference/exchange/worker-watch.ts';

function setUp() {
  const watched: string[] = [];
  const lost: string[] = [];
  const workers = createWorkerWatch({
    watch: (id) => watched.push(`watch ${id}`),
    unwatch: (id) => watched.push(`unwatch ${id}`),
  });
  const request = (id: string) => () => lost.push(id);
  return { workers, watched, lost, request };
}

describe('a watch of workers', () => {
  it('watches a worker once for all its requests, until the last is over', () => {
    const { workers, watched, request } = setUp();
    const [one, two] = [request('1'), request('2')];
    workers.add('w', one);
    workers.add('w', two);
    workers.remove('w', one);
    expect(watched).toEqual(['watch w']);
    workers.remove('w', two);
    expect(watched).toEqual(['watch w', 'unwatch w']);
  });

  it('tells each request of a lost worker once', () => {
    const { workers, lost, request } = setUp();
    for (const id of ['1', '2']) workers.add('w', request(id));
    workers.add('v', request('3'));
    workers.lost('w');
    workers.lost('w');
    expect(lost).toEqual(['1', '2']);
  });

  it('watches a worker again that was lost and has another request', () => {
    const { workers, watched, lost, request } = setUp();
    const one = request('1');
    workers.add('w', one);
    workers.lost('w');
    workers.remove('w', one);
    workers.add('w', request('2'));
    workers.lost('w');
    expect(watched).toEqual(['watch w', 'watch w']);
    expect(lost).toEqual(['1', '2']);
  });

  it('may change while it tells of a loss: a request can run again at once', () => {
    const { workers, lost, request } = setUp();
    workers.add('w', () => workers.add('w', request('2')));
    workers.lost('w');
    expect(lost).toEqual([]);
    workers.lost('w');
    expect(lost).toEqual(['2']);
  });

  it('ignores requests and workers that it does not know', () => {
    const { workers, watched, lost, request } = setUp();
    workers.remove('w', request('1'));
    workers.add('w', request('2'));
    workers.remove('w', request('1'));
    workers.lost('v');
    expect([watched, lost]).toEqual([['watch w'], []]);
  });
});
