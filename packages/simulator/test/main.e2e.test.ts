import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

function run(environment: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, [main], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function outcomeOf(child: ChildProcess): Promise<{ code: unknown; errors: string }> {
  if (!child.stderr) throw new Error('stderr is not piped');
  const [errors, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  return { code, errors };
}

describe('the program', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('prints its address and exits cleanly on %s', async (signal) => {
    const child = run({ SIMULATOR_PORT: '0' });
    const outcome = outcomeOf(child);
    const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer];
    const [, url] = /^simulator: .*(http:\/\/127\.0\.0\.1:\d+)\/v1,.*\n$/.exec(line.toString()) ?? [];
    const hanging = fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer tok-a' },
      body: '{"model":"demo-stall","stream":true,"messages":[{}]}',
    });
    expect((await hanging).status).toBe(200);
    child.kill(signal);
    expect(await outcome).toEqual({ code: 0, errors: '' });
  });

  it('reports in one line that its port is in use', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void squatter.close());
    await once(squatter, 'listening');
    const { port } = squatter.address() as AddressInfo;
    expect(await outcomeOf(run({ SIMULATOR_PORT: String(port) }))).toEqual({
      code: 1,
      errors: `simulator: port ${port} on 127.0.0.1 is in use; set SIMULATOR_PORT to a free one.\n`,
    });
  });

  it.each(['', '65536', '-1', '9900x'])('reports in one line that %j is not a port', async (port) => {
    expect(await outcomeOf(run({ SIMULATOR_PORT: port }))).toEqual({
      code: 1,
      errors: `simulator: SIMULATOR_PORT must be a number from 0 to 65535, not "${port}".\n`,
    });
  });

  it('reports in one line that it can’t listen on a host', async () => {
    const { code, errors } = await outcomeOf(run({ SIMULATOR_PORT: '0', HOST: '192.0.2.1' }));
    expect(code).toBe(1);
    expect(errors).toMatch(/^simulator: [^\n]*192\.0\.2\.1[^\n]*\n$/);
  });
});
