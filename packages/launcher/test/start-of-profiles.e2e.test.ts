import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  freePort,
  type RunningProcess,
  type SimulatorProcess,
  simulatorControl,
  spawnService,
  startProcess,
  until,
  verifies,
} from '@sluice/testkit';
import { choosePlace } from '../src/postgres/place.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const runner = fileURLToPath(new URL('fixtures/run-repository.ts', import.meta.url));
const execute = promisify(execFile);

type Env = Readonly<Record<string, string>>;

let simulator: SimulatorProcess;
beforeAll(async () => {
  simulator = await spawnService('simulator');
});
afterAll(() => simulator.stop());

/** A folder with the built product and its own state. */
let root: string;
let home: string;
let running: RunningProcess | undefined;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'sluice-profile-'));
  home = mkdtempSync(join(tmpdir(), 'sluice-home-'));
  for (const name of ['packages', 'services', 'node_modules', 'package.json']) {
    symlinkSync(join(repository, name), join(root, name));
  }
  await simulatorControl(simulator.url).reset();
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  for (const folder of [root, home]) rmSync(folder, { recursive: true, force: true });
});

interface Ready {
  readonly output: string;
  readonly port: number;
  /** The curl command in the block. */
  readonly curl: string;
}

/** Runs `npm start` with this environment and its own port, and resolves when it is ready. */
async function start(env: Env): Promise<Ready> {
  const port = await freePort();
  const started = await startProcess({
    command: process.execPath,
    args: ['--conditions=@sluice/source', runner, root],
    cwd: root,
    env: { HOME: home, CI: 'true', PORT: String(port), DATABASE_URL: 'none', ...env },
    stopGraceMs: 20_000,
  });
  running = started;
  await until(() => started.output().includes('Ctrl-C stops it all.'), { what: 'the block', timeoutMs: 40_000 });
  const output = started.output();
  return { output, port, curl: /^curl .*$/m.exec(output)?.[0] ?? '' };
}

async function stop(): Promise<void> {
  await running?.stop();
  running = undefined;
}

/** Runs a command as a person who has copied it would. */
const shell = async (command: string): Promise<string> =>
  (await execute('/bin/sh', ['-c', command], { timeout: 30_000 })).stdout;

const statusOf = (url: string, key?: string): Promise<number> =>
  fetch(`${url}/models`, key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } }).then(
    ({ status }) => status,
  );

/** Addresses at which other machines may reach this one. */
const otherAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.flatMap(({ internal, family, address }) => (internal || family !== 'IPv4' ? [] : [address])),
  );

function writeSettingsOfIflow(settings: object): void {
  mkdirSync(join(home, '.iflow'));
  writeFileSync(join(home, '.iflow/settings.json'), JSON.stringify(settings));
}

/** Returns the paths at which the provider was called. */
const calledPaths = async (): Promise<readonly string[]> =>
  (await simulatorControl(simulator.url).calls()).map(({ path }) => path);

/** Expects a product that other machines reach, and whose printed command streams. */
async function expectOpen(profile: string, { output, port, curl }: Ready): Promise<void> {
  expect(output).toContain(`Base URL  http://127.0.0.1:${port}/v1 (and at every other address of this machine)`);
  const stream = await shell(curl);
  expect(stream).toContain('"delta":');
  expect(stream.trimEnd().endsWith('data: [DONE]')).toBe(true);
  // Only unified-proxy showed its models without a key; no gateway accepts a key other than ours.
  expect(await statusOf(`http://127.0.0.1:${port}`)).toBe(profile === 'unified-proxy' ? 200 : 401);
  expect(await statusOf(`http://127.0.0.1:${port}`, 'sk-unknown')).toBe(401);
  for (const address of otherAddresses()) {
    expect((await fetch(`http://${address}:${port}/livez`)).status).toBe(200);
  }
}

/** With the settings that each gateway required, and the simulator in the place of its provider. */
describe('npm start with a profile is ready on every address, and its printed command streams', () => {
  it(
    'zai-proxy: keeps a generated secret for access tokens, and passes it on',
    verifies('000-11', '000-15'),
    async () => {
      const env = { SLUICE_COMPAT: 'zai-proxy', UPSTREAM_URL: simulator.url };
      const first = await start(env);
      await expectOpen('zai-proxy', first);
      expect(await calledPaths()).toContain('/api/v2/chat/completions');
      expect(first.output).toContain('with the secret in .sluice/secret-key, which was made here.');
      const file = join(root, '.sluice/secret-key');
      const secret = readFileSync(file, 'utf8');
      expect(statSync(file).mode & 0o777).toBe(0o600);
      await stop();
      const { curl, output } = await start(env);
      expect(output).toContain(
        'SLUICE_SECRET_KEY is not set: tokens and stored bodies are encrypted with the secret in .sluice/secret-key.',
      );
      expect(readFileSync(file, 'utf8')).toBe(secret);
      expect(output).not.toContain(secret.trim());
      expect(await shell(curl)).toContain('[DONE]');
    },
  );

  it(
    'z2api: needs no port for the simulator, so a person may run one there',
    verifies('001-06', '001-38'),
    async () => {
      const ready = await start({
        SLUICE_COMPAT: 'z2api',
        UPSTREAM_URL: simulator.url,
        SIMULATOR_PORT: new URL(simulator.url).port,
      });
      await expectOpen('z2api', ready);
      expect(await calledPaths()).toContain('/api/v2/chat/completions');
      expect(ready.output).not.toMatch(/simulator|SIMULATOR_PORT/);
    },
  );

  it('bailian-proxy', verifies('002-04', '002-33'), async () => {
    const account = { ALIYUN_BASE_URL: simulator.url, ALIYUN_APP_ID: 'app-1', ALIYUN_API_KEY: 'tok-aliyun' };
    const ready = await start({ SLUICE_COMPAT: 'bailian-proxy', ...account });
    await expectOpen('bailian-proxy', ready);
    expect(await calledPaths()).toContain('/api/v1/apps/app-1/completion');
  });

  it(
    'unified-proxy: appends the lines of all services to its log file, and to ours after a restart',
    verifies('003-07', '003-13', '003-21', '003-22', '003-28', '003-40'),
    async () => {
      const env = { SLUICE_COMPAT: 'unified-proxy', API_KEY: 'tok-provider', BASE_URL: `${simulator.url}/v1` };
      await expectOpen('unified-proxy', await start(env));
      expect(await calledPaths()).toContain('/v1/chat/completions');
      // There is nothing to encrypt.
      expect(existsSync(join(root, '.sluice/secret-key'))).toBe(false);
      await stop();
      expect([readied('logs/proxy.log', 'sluice-ingress'), readied('logs/proxy.log', 'sluice-worker')]).toEqual([1, 1]);
      const { output } = await start({ ...env, LOG_FILE_PATH: './logs/proxy.log' });
      expect(output).toContain('Logs      .sluice/logs, ./logs/proxy.log');
      await stop();
      expect(readied('logs/proxy.log', 'sluice-ingress')).toBe(2);
      expect(readied('.sluice/logs/worker.log', 'sluice-worker')).toBe(2);
    },
  );

  it(
    'unified-proxy: keeps its records in a PostgreSQL of our own, in place of its SQLite file',
    verifies('003-25', '003-39'),
    async () => {
      const place = choosePlace({ stateFolder: join(root, '.sluice'), sharedFolder: join(root, '.sluice') });
      if ('reason' in place) throw new Error(place.reason);
      try {
        const { output } = await start({
          SLUICE_COMPAT: 'unified-proxy',
          API_KEY: 'tok-provider',
          BASE_URL: `${simulator.url}/v1`,
          DATABASE_URL: 'sqlite+aiosqlite:///./data/proxy.db',
        });
        expect(output.match(/DATABASE_URL names an SQLite file, which is neither read nor written/g)).toHaveLength(1);
        expect(output).toMatch(/Database  PostgreSQL \d+\.\d+, with its data in \S+/);
        const url = readFileSync(join(root, '.sluice/database-url'), 'utf8');
        expect([url, statSync(join(root, '.sluice/database-url')).mode & 0o777]).toEqual([
          expect.stringMatching(/^postgres:\/\/sluice:.*@127\.0\.0\.1:\d+\/sluice$/),
          0o600,
        ]);
        expect(output).not.toContain(new URL(url).password);
        await stop();
        expect(existsSync(join(root, '.sluice/database-url'))).toBe(false);
      } finally {
        await stop();
        if (place.account !== undefined) rmSync(place.folder, { recursive: true, force: true });
      }
    },
  );

  it('iflow2api', verifies('004-16'), async () => {
    writeSettingsOfIflow({ apiKey: 'tok-iflow', baseUrl: `${simulator.url}/iflow/v1` });
    await expectOpen('iflow2api', await start({ SLUICE_COMPAT: 'iflow2api' }));
    expect(await calledPaths()).toContain('/iflow/v1/chat/completions');
  });
});

/** Returns how often a service has become ready, according to a log. */
const readied = (path: string, service: string): number =>
  readFileSync(join(root, path), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly service: string; readonly msg: string })
    .filter((line) => line.service === service && line.msg.endsWith(' ready')).length;

describe('npm start with a profile and nothing else set', () => {
  it.each([
    ['zai-proxy', 'SLUICE_SECRET_KEY is not set'],
    ['z2api', 'SLUICE_SECRET_KEY is not set'],
    ['unified-proxy', 'Warning: API_KEY is not set'],
    ['iflow2api', 'log in with `npm run login -- iflow`'],
  ])('is ready if its gateway started without settings: %s', async (name, words) => {
    // Calls to providers fail at once: no process listens on that port.
    const { output, curl } = await start({ SLUICE_COMPAT: name, HTTPS_PROXY: 'http://127.0.0.1:9' });
    expect(output).toContain(words);
    expect(curl).toContain('Authorization: Bearer sk-');
  });
});

describe('npm start', () => {
  it(
    'takes everything from .env, even the profile, and shows its key',
    verifies('001-15', '001-21', '002-06', '003-12'),
    async () => {
      const lines = [
        '# of z2api',
        'export SLUICE_COMPAT=z2api',
        'DEFAULT_KEY="sk-our-own-key-0001"',
        `UPSTREAM_URL=${simulator.url}/api/chat/completions # the simulator`,
        "UPSTREAM_TOKEN='tok-zai'",
        'ANON_TOKEN_ENABLED=false',
        'MAX_RETRIES=',
      ];
      writeFileSync(join(root, '.env'), lines.join('\n'));
      const { output, curl } = await start({});
      expect(output).toContain('Read 6 variables from .env.');
      expect(curl).toContain("-H 'Authorization: Bearer sk-our-own-key-0001'");
      expect(await shell(curl)).toContain('[DONE]');
      expect((await simulatorControl(simulator.url).calls()).at(-1)).toMatchObject({ credential: 'tok-zai' });
    },
  );

  it('suggests the profile, once, when only its variables are set', async () => {
    writeFileSync(join(root, '.env'), 'UPSTREAM_TOKEN=tok\nDEFAULT_KEY=sk-our-own-key-0001\n');
    const { output } = await start({ SIMULATOR_PORT: String(await freePort()) });
    expect(output.match(/set SLUICE_COMPAT=z2api/g)).toHaveLength(1);
    expect(output).toContain('Stream an answer from the model demo:');
  });

  it(
    'lets every client of this machine in if so configured, warns once, and shows a command without a key',
    verifies('002-22', '002-34', '003-26', '003-40'),
    async () => {
      const { output, port, curl } = await start({
        SLUICE_COMPAT: 'bailian-proxy',
        ALIYUN_BASE_URL: simulator.url,
        ALIYUN_APP_ID: 'app-1',
        ALIYUN_API_KEY: 'tok-aliyun',
        ALLOW_ANONYMOUS_ACCESS: 'true',
        MAX_IDLE_CONNS: '200',
      });
      expect(output.match(/anonymous access is on: .* accepted from this machine/g)).toHaveLength(1);
      expect(output.match(/MAX_IDLE_CONNS has no effect/g)).toHaveLength(1);
      expect(output).toContain(`Base URL  http://127.0.0.1:${port}/v1\n`);
      expect(output).toContain('API key   none needed');
      expect(curl).not.toContain('Authorization');
      expect(await shell(curl)).toContain('[DONE]');
      const url = `http://127.0.0.1:${port}/v1`;
      expect(await Promise.all([statusOf(url), statusOf(url, 'your-openai-key')])).toEqual([200, 200]);
      for (const address of otherAddresses())
        await expect(fetch(`http://${address}:${port}/livez`)).rejects.toThrow('fetch failed');
    },
  );
});

it('the official API answers with tools in zai-proxy if there is a key for it', verifies('000-05'), async () => {
  const { port } = await start({
    SLUICE_COMPAT: 'zai-proxy',
    API_KEY: 'sk-our-own-key-0001',
    UPSTREAM_URL: simulator.url,
    ZAI_API_KEY: 'tok-official',
    ZAI_BASE_URL: `${simulator.url}/api/paas/v4`,
  });
  // The sample in the README of zai-proxy.
  const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-our-own-key-0001' },
    body: JSON.stringify({
      model: 'glm-4.5',
      messages: [{ role: 'user', content: '今天北京天气如何？' }],
      tools: [
        {
          type: 'function',
          function: {
            name: 'get_weather',
            description: '获取指定城市的天气',
            parameters: { type: 'object', properties: { city: { type: 'string', description: '城市名称' } } },
          },
        },
      ],
    }),
  });
  expect([response.status, response.headers.get('x-sluice-upstream')]).toEqual([200, 'zai']);
  const call = (await simulatorControl(simulator.url).calls()).at(-1);
  expect(call).toMatchObject({ path: '/api/paas/v4/chat/completions', credential: 'tok-official' });
  expect(call?.body).toContain('get_weather');
});
