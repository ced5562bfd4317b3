import { describe, expect, it } from 'vitest';
import { warnOfEviction } from '../src/index.ts';

async function said(info: () => Promise<string>): Promise<unknown[]> {
  const lines: unknown[] = [];
  await warnOfEviction({ info }, { error: (line: unknown) => lines.push(line) } as never);
  return lines;
}
const policy = (name: string) => (): Promise<string> =>
  Promise.resolve(`# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:${name}\r\n`);

describe('a Redis that is about to be used', () => {
  it('is complained of when it would throw keys away', async () => {
    expect(await said(policy('allkeys-lru'))).toEqual([{ maxmemory_policy: 'allkeys-lru' }]);
  });

  it.each([
    ['it keeps what it has', policy('noeviction')],
    ['it does not tell', () => Promise.resolve('# Memory\r\n')],
    ['it must not be asked', () => Promise.reject(new Error('NOPERM'))],
  ])('is not complained of when %s', async (_what, info) => {
    expect(await said(info)).toEqual([]);
  });
});
