import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, startProcess } from '@sluice/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { costOf, treeOf } from '../src/process-cost.ts';
import { problemsOf } from '../src/targets.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Runs `npm run bench` without npm. */
async function bench(...args: string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  const running = await startProcess({
    command: process.execPath,
    args: ['--enable-source-maps', join(root, 'packages/launcher/dist/main.js'), 'bench', ...args],
    cwd: root,
  });
  onTestFinished(() => running.stop().then(() => undefined));
  const { code } = await running.exited;
  return { code, output: running.output() };
}

interface Proxy {
  readonly url: string;
  readonly pid: number;
}

/** Starts the plain proxy, as a gateway of others. */
async function startPeer(upstreamPort: number): Promise<Proxy> {
  const file = join(root, 'packages/bench/dist/plain-proxy.js');
  const proxy = fork(file, [`http://127.0.0.1:${upstreamPort}/v1`]);
  onTestFinished(async () => {
    proxy.disconnect();
    await once(proxy, 'exit');
  });
  const [message] = await once(proxy, 'message');
  const { port } = z.object({ port: z.number() }).parse(message);
  return { url: `http://127.0.0.1:${port}/v1`, pid: proxy.pid ?? 0 };
}

/** Returns the cells of the first row that begins with these. */
function row(output: string, ...first: string[]): string[] {
  const rows = output.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  return rows.find((cells) => first.every((text, at) => cells[at + 1] === text))?.slice(1, -1) ?? [];
}

function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'figures.json');
}

describe('npm run bench', () => {
  test('measures a peer beside Sluice, and writes all figures', async () => {
    const upstreamPort = await freePort();
    const peer = await startPeer(upstreamPort);
    const json = temporaryFile();
    const load = ['light', 'whole', '--seconds', '0.5', '--rounds', '1', '--json', json];
    const other = ['--peer', peer.url, '--peer-name', 'other', '--peer-pid', String(peer.pid)];
    const { code, output } = await bench(...load, '--upstream-port', String(upstreamPort), ...other);
    expect(output).toContain(`Upstream: http://127.0.0.1:${upstreamPort}/v1`);
    const figure = /^(?:≥ )?\d[\d.]*$/;
    const [, sluice, theirs, proxy, direct, ratio] = row(output, '`whole` CPU µs a request');
    expect([sluice, theirs, proxy, ratio]).toEqual(Array.from({ length: 4 }, () => expect.stringMatching(figure)));
    expect(direct).toBe('–');
    expect(row(output, '`whole` requests/s').slice(1, 5)).toEqual(
      Array.from({ length: 4 }, () => expect.stringMatching(figure)),
    );
    expect(row(output, '`light` added TTFT p50 · token leg p50, ms')[1]).toMatch(/^\d[\d.]* · -?\d[\d.]*$/);
    expect(output).toMatch(/The client used up to \d+ % of a core/);
    const report = z
      .object({ results: z.array(z.object({ figures: z.array(z.object({ target: z.string() })) })), table: z.string() })
      .parse(JSON.parse(readFileSync(json, 'utf8')));
    expect(report.results[0]?.figures.map(({ target }) => target)).toEqual([
      'direct',
      'express + undici',
      'Sluice',
      'other',
    ]);
    expect(code).toBe(0);
  });

  test('compares the surfaces, and measures cold starts', async () => {
    const load = ['--seconds', '0.2', '--rounds', '1', '--concurrency', '1,10'];
    const { code, output } = await bench('compare', ...load, '--json', temporaryFile());
    for (const operation of ['chat, whole', 'chat, streamed']) {
      expect(row(output, operation, 'Sluice', '10')[3]).toMatch(/\d/);
    }
    expect(row(output, 'cold start to ready, ms')[2]).toMatch(/^worker \d+, ingress \d+$/);
    expect(row(output, 'image, unpacked, MB')[2]).toMatch(/\d|not measured/);
    expect(code).toBe(0);
  });

  test('refuses wrong arguments before it starts anything', async () => {
    const { code, output } = await bench('--peer', 'localhost');
    expect(output).toContain('--peer: must be a base URL such as http://127.0.0.1:8787/v1; it is "localhost"');
    expect(output).not.toContain('Starting the');
    expect(code).toBe(2);
  });
});

test('a peer that does not answer, or whose process has ended, is named with its argument', async () => {
  const url = `http://127.0.0.1:${await freePort()}/v1`;
  const ended = await startProcess({ command: process.execPath, args: ['--eval', ''] });
  await ended.exited;
  const peer = { name: 'other', url, apiKey: 'k', model: 'demo', pids: [ended.pid], isPeer: true };
  expect(await problemsOf([peer], 'http://upstream/v1')).toEqual([
    ...(process.platform === 'linux' ? [`--peer-pid: no process ${ended.pid} runs`] : []),
    expect.stringMatching(/^--peer: other gives no good answer at .*ECONNREFUSED.*http:\/\/upstream\/v1/),
  ]);
});

test.runIf(process.platform === 'linux')('the cost of a process has that of its children', async () => {
  const child = `setInterval(() => {}, 1000); console.log('runs')`;
  const parent = await startProcess({
    command: process.execPath,
    args: [
      '--eval',
      `require('child_process').spawn(process.execPath, ['--eval', ${JSON.stringify(child)}], { stdio: 'inherit' })`,
    ],
    ready: ({ output }) => output().includes('runs'),
  });
  onTestFinished(() => parent.stop().then(() => undefined));
  const tree = treeOf([parent.pid]);
  expect(tree).toHaveLength(2);
  const [whole, alone] = [costOf(tree), costOf([parent.pid])];
  expect(whole?.rssBytes).toBeGreaterThan(alone?.rssBytes ?? Number.POSITIVE_INFINITY);
  await parent.stop();
  expect(costOf(tree)).toBeUndefined();
});
