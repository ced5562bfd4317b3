import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer as createProxy, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  afterFile,
  freePort,
  type RunningProcess,
  simulatorControl,
  type SimulatorProcess,
  spawnService,
  startProcess,
  until,
  verifies,
} from '@sluice/testkit';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const secret = 'canary-of-the-client';

let simulator: SimulatorProcess;
beforeAll(async () => {
  simulator = await spawnService('simulator');
  afterFile(() => simulator.stop());
});

interface Started {
  readonly running: RunningProcess;
  readonly home: string;
  readonly port: number;
  /** The URL for the person's browser. */
  readonly url: () => Promise<string>;
  readonly file: string;
}

async function start(
  args: readonly string[] = [],
  over: { readonly env?: Readonly<Record<string, string>>; readonly port?: number } = {},
): Promise<Started> {
  const home = mkdtempSync(join(tmpdir(), 'sluice-login-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const port = over.port ?? (await freePort());
  const running = await startProcess({
    command: process.execPath,
    cwd: home,
    args: ['--conditions=@sluice/source', main, 'login', 'iflow', '--port', String(port), ...args],
    env: {
      HOME: home,
      IFLOW_OAUTH_CLIENT_ID: 'ann',
      IFLOW_OAUTH_CLIENT_SECRET: secret,
      IFLOW_OAUTH_BASE_URL: `${simulator.url}/iflow`,
      ...over.env,
    },
  });
  onTestFinished(async () => void (await running.stop()));
  const url = (): Promise<string> =>
    until(() => /http\S+\/oauth\?\S+/.exec(running.output())?.[0], { what: 'the address', timeoutMs: 15_000 });
  return { running, home, port, url, file: join(home, '.iflow/oauth_creds.json') };
}

describe('npm run login -- iflow', () => {
  it(
    'waits for the browser and saves the login for its owner alone',
    verifies('004-05', '004-15', '004-18'),
    async () => {
      const { running, url, port, file } = await start();
      // The simulator consents at once and redirects to the callback.
      const page = await fetch(await url());
      expect([page.status, new URL(page.url).port]).toEqual([200, String(port)]);
      expect(await running.exited).toMatchObject({ code: 0 });
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
        access_token: 'at-ann.0',
        refresh_token: 'rt-ann.0',
        apiKey: 'sk-sim-ann.0',
        expiry_date: expect.any(Number),
      });
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700);
      const output = running.output();
      expect(output).toContain(`saved in ${file}`);
      expect(output).toContain('SLUICE_COMPAT=iflow2api uses it as it is.');
      for (const hidden of [secret, 'at-ann', 'rt-ann', 'sk-sim', 'code-ann']) expect(output).not.toContain(hidden);
      const call = (await simulatorControl(simulator.url).calls()).find(({ path }) => path === '/iflow/oauth/token');
      expect(call?.body).toContain(`redirect_uri=${encodeURIComponent(`http://localhost:${port}/oauth2callback`)}`);
    },
  );

  it('calls the provider through the proxy of the environment, and says if that does not answer', async () => {
    const asked: string[] = [];
    const proxy = createProxy((incoming, response) => {
      asked.push(String(incoming.url));
      const { pathname, search } = new URL(String(incoming.url));
      const { method, headers } = incoming;
      const forwarded = request(simulator.url + pathname + search, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      incoming.pipe(forwarded);
    });
    onTestFinished(() => void proxy.close());
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    const { port: proxyPort } = proxy.address() as AddressInfo;
    for (const [at, address] of [`127.0.0.1:${proxyPort}`, '127.0.0.1:1'].entries()) {
      const env = { IFLOW_OAUTH_BASE_URL: 'http://login.test/iflow', HTTP_PROXY: `http://ann:hidden@${address}` };
      const { running, url } = await start([], { env });
      // The person's browser does not use the proxy.
      await fetch((await url()).replace('http://login.test', simulator.url));
      const { code } = await running.exited;
      expect([code, running.output()]).toEqual([at, expect.any(String)]);
      expect(running.output()).not.toContain('hidden');
      if (at === 1) expect(running.output()).toContain('through the proxy http://127.0.0.1:1 (ECONNREFUSED)');
    }
    expect(asked.length).toBeGreaterThan(0);
    for (const url of asked) expect(url).toMatch(/^http:\/\/login\.test\/iflow\//);
  });

  it('refuses a code that comes with another state, and keeps waiting', async () => {
    const { running, url, port } = await start(['--file', 'login.json']);
    const address = await url();
    const callback = `http://127.0.0.1:${port}/oauth2callback`;
    for (const query of ['?code=code-eve&state=wrong', '?code=code-eve', '?error=access_denied']) {
      expect((await fetch(callback + query)).status).toBe(400);
    }
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404);
    expect((await fetch(address)).status).toBe(200);
    expect(await running.exited).toMatchObject({ code: 0 });
  });

  it('keeps waiting after a request for an invalid address', async () => {
    const { running, url, port } = await start();
    const address = await url();
    const asked = request({ port, host: '127.0.0.1', path: '//' }).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(404);
    response.resume();
    expect((await fetch(address)).status).toBe(200);
    expect(await running.exited).toMatchObject({ code: 0 });
  });

  it('listens only on this machine', async () => {
    const { url, port } = await start();
    await url();
    const others = Object.values(networkInterfaces()).flatMap((addresses = []) =>
      addresses.filter(({ internal, family }) => !internal && family === 'IPv4'),
    );
    for (const { address } of others) {
      await expect(fetch(`http://${address}:${port}/oauth2callback`)).rejects.toThrow('fetch failed');
    }
    expect((await fetch(`http://127.0.0.1:${port}/oauth2callback`)).status).toBe(400);
  });

  it('says so when the person does not consent', async () => {
    const { running, url } = await start([], { env: { IFLOW_OAUTH_CLIENT_ID: 'deny-ann' } });
    await fetch(await url());
    expect(await running.exited).toMatchObject({ code: 1 });
    expect(running.output()).toContain('did not log you in: access_denied');
  });

  it('says so when the provider does not return a login', async () => {
    const { running, url, file } = await start([], { env: { IFLOW_OAUTH_CLIENT_ID: 'crowd-ann' } });
    await fetch(await url());
    expect(await running.exited).toMatchObject({ code: 1 });
    expect(running.output()).toContain('too many people');
    expect(() => statSync(file)).toThrow('ENOENT');
  });

  it('says so when its port is taken', verifies('004-27'), async () => {
    const port = await freePort();
    const other = createServer();
    await new Promise<void>((resolve) => other.listen({ port, host: '127.0.0.1' }, resolve));
    onTestFinished(() => void other.close());
    const { running } = await start([], { port });
    expect(await running.exited).toMatchObject({ code: 1 });
    expect(running.output()).toContain(`Port ${port} is in use on 127.0.0.1`);
    expect(running.output()).not.toContain('    at ');
  });

  it.each<[string, string[], Record<string, string>, string]>([
    [
      'a client',
      [],
      { IFLOW_OAUTH_CLIENT_SECRET: '' },
      'Set IFLOW_OAUTH_CLIENT_ID and IFLOW_OAUTH_CLIENT_SECRET, with which a login is made. They are the OAuth client of',
    ],
    ['a provider with a login', ['openai'], {}, 'Usage: npm run login -- <provider>'],
    ['a port', ['--port', 'x'], {}, '--port must be a whole number'],
  ])('needs %s', async (_what, args, env, message) => {
    const { running } = await start(args, { env });
    expect(await running.exited).toMatchObject({ code: 1 });
    expect(running.output()).toContain(message);
  });
});
