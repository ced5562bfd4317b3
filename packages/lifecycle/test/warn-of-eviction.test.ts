import { describe, expect, it } from 'vitest';
import { warnOfEviction } from '../src/index.ts';

async function said(info: () => Promise<string>): Promise<unknown[]> {
  const lines: unknown[] = [];
  await warnOfEviction({ info }, { error: (line: unknown) => lines.push(line) } as never);
  return lines;
}
const policy = (name: string) => (): Promise<string> =>
  Promise.resolve(`# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:${name}\r\n`);

describe('warnOfEviction', () => {
  it('logs an error if Redis would evict keys', async () => {
    expect(await said(policy('allkeys-lru'))).toEqual([{ maxmemory_policy: 'allkeys-lru' }]);
  });

  it.each([
    ['Redis keeps its keys', policy('noeviction')],
    ['Redis does not report its policy', () => Promise.resolve('# Memory\r\n')],
    ['the command is forbidden', () => Promise.reject(new Error('NOPERM'))],
  ])('logs nothing if %s', async (_what, info) => {
    expect(await said(info)).toEqual([]);
  });
});
