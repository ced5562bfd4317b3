import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProcess } from '@sluice/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';

const fixture = fileURLToPath(new URL('fixtures/logging-service.ts', import.meta.url));
/** Returns service and number of each line; fails for a line that is not whole. */
function linesIn(text: string): { readonly service: string | undefined; readonly at: number }[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((each) => {
      const [, service, at] = /^\{.*"service":"(\w+)","at":(\d+),"text":"x*","msg":"line"\}$/.exec(each) ?? [];
      return { service, at: Number(at) };
    });
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-service-logs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(file: string, { name = 'one', count = 0, length = 0, env = {} } = {}) {
  const args = ['--conditions=@sluice/source', fixture, file, name, String(count), String(length)];
  const child = await startProcess({ command: process.execPath, args, env, cwd: folder });
  const { code } = await child.exited;
  return { code, output: child.output() };
}

it('writes all lines before the process exits', async () => {
  const count = 20_000;
  expect((await run('logs/proxy.log', { count })).code).toBe(0);
  const written = linesIn(readFileSync(join(folder, 'logs/proxy.log'), 'utf8'));
  expect(written.map(({ at }) => at)).toEqual(Array.from({ length: count }, (_, at) => at));
});

it('loses no line of processes that share a file, whichever of them begins a new part', async () => {
  const names = ['one', 'two', 'three'];
  const count = 12_000;
  await Promise.all(names.map((name) => run('proxy.log', { name, count, length: 1000 })));
  const parts = readdirSync(folder);
  const texts = parts.map((part) => readFileSync(join(folder, part), 'utf8'));
  expect(parts.length).toBeGreaterThan(1);
  const written = texts.flatMap(linesIn);
  for (const name of names) {
    const seen = new Set(written.filter(({ service }) => service === name).map(({ at }) => at));
    expect([name, seen.size]).toEqual([name, count]);
  }
  expect(written).toHaveLength(names.length * count);
});

it('names the setting of a file that can not be written', async () => {
  writeFileSync(join(folder, 'a-file'), '');
  const { code, output } = await run('a-file/proxy.log', {});
  expect([code, output]).toEqual([1, expect.stringContaining('log.file: The log ')]);
});

it.each([{}, { LOG_FILE_PATH: './logs/proxy.log' }])(
  'leaves out the file of a profile with %o, and says so',
  async (named) => {
    writeFileSync(join(folder, 'a-file'), '');
    const env = { SLUICE_COMPAT: 'unified-proxy', ...named };
    const { code, output } = await run('a-file/proxy.log', { count: 1, env });
    expect(code).toBe(0);
    expect(output).toMatch(/"level":"warn".*LOG_FILE_PATH: The log .* can't be written \(E[A-Z]+\)\. It is left out/);
    expect(output).toContain('"at":0');
  },
);
