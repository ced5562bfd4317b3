import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort, type SimulatorProcess, spawnService, startProcess, verifies } from '@sluice/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

/*
 * `npm start` under each profile, with nothing set but what its README requires and the way to the simulator. It runs
 * what the build has made, like `npm start`.
 */

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../../../', import.meta.url));
const runner = fileURLToPath(new URL('fixtures/run-profile.ts', import.meta.url));

let simulator: SimulatorProcess;
beforeAll(async () => {
  simulator = await spawnService('simulator');
  afterAll(() => simulator.stop());
});

let root: string;

/** A folder of its own, so that no state and no `.env` of the repository has a say. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-profile-'));
  for (const name of ['node_modules', 'packages', 'services', 'package.json'])
    symlinkSync(join(repository, name), join(root, name));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

interface Profile {
  readonly name: string;
  /** What its README requires. */
  readonly required: Readonly<Record<string, string>>;
  /** As docs/migrate.md says. */
  readonly toSimulator: (url: string) => Readonly<Record<string, string>>;
}

const profiles: readonly Profile[] = [
  { name: 'zai-proxy', required: {}, toSimulator: (url) => ({ UPSTREAM_URL: url }) },
  { name: 'z2api', required: {}, toSimulator: (url) => ({ UPSTREAM_URL: `${url}/api/chat/completions` }) },
  {
    name: 'bailian-proxy',
    required: { ALIYUN_APP_ID: 'app-7', ALIYUN_API_KEY: 'tok-aliyun-0007' },
    toSimulator: (url) => ({ ALIYUN_BASE_URL: url }),
  },
  {
    name: 'unified-proxy',
    required: { API_KEY: 'tok-provider-0007' },
    toSimulator: (url) => ({ BASE_URL: `${url}/v1` }),
  },
  { name: 'iflow2api', required: {}, toSimulator: (url) => ({ IFLOW_BASE_URL: `${url}/v1` }) },
];

/** The command of the block that a start ends with. */
const printedCurl = (output: string): string | undefined => /^curl -N .*$/m.exec(output)?.[0];

describe('npm start under the profile', () => {
  it.each(profiles)(
    '$name ends ready, with a curl that works as printed',
    { ...verifies('003-13', '003-14'), timeout: 120_000 },
    async ({ name, required, toSimulator }) => {
      const home = join(root, 'home');
      mkdirSync(join(home, '.iflow'), { recursive: true });
      writeFileSync(join(home, '.iflow/settings.json'), '{"apiKey":"tok-iflow-0007"}');
      const running = await startProcess({
        command: process.execPath,
        args: ['--conditions=@sluice/source', runner, root],
        cwd: root,
        env: {
          SLUICE_COMPAT: name,
          ...required,
          ...toSimulator(simulator.url),
          HOME: home,
          CI: 'true',
          PORT: String(await freePort()),
          METRICS_PORT: String(await freePort()),
        },
        ready: ({ output }) => printedCurl(output()) !== undefined,
        readyTimeoutMs: 90_000,
        stopSignal: 'SIGINT',
        stopGraceMs: 20_000,
      });
      onTestFinished(async () => void (await running.stop()));
      const { stdout } = await run('sh', ['-c', printedCurl(running.output()) ?? ''], { timeout: 30_000 });
      expect(stdout).toMatch(/data: \{[^]*data: \[DONE\]/);
      expect(await running.stop()).toEqual({ code: 0, signal: null });
    },
  );
});
