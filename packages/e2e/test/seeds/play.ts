import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import {
  openaiClient,
  type OpenAiPython,
  openaiPython,
  parseSse,
  promiseOf,
  type RedisServer,
  type ServiceProcess,
  type SimulatorControl,
  simulatorControl,
  type SimulatorProcess,
  spawnService,
  startRedis,
} from '@sluice/testkit';
import { afterAll, beforeAll, expect, it, type TestContext } from 'vitest';

type Env = Readonly<Record<string, string | undefined>>;
type OpenAi = ReturnType<typeof openaiClient>;

/** The product under a profile, with the tools that a README uses. */
export interface Play {
  /** URL of the ingress, without a path. */
  readonly url: string;
  readonly ingress: ServiceProcess;
  readonly worker: ServiceProcess;
  /** Simulator in place of the provider. */
  readonly simulator: SimulatorControl;
  /** Runs a README's curl line in a shell, unchanged except for the address. */
  curl(line: string): Promise<CurlAnswer>;
  /** OpenAI's client for Node. */
  client(apiKey: string): OpenAi;
  /**
   * Runs a README's Python, unchanged except for the address, and resolves to its output. Skips the test where Python
   * or its client for OpenAI is not available, and says why.
   */
  python(context: TestContext, script: string): Promise<string>;
}

export interface CurlAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** @throws SyntaxError when the text is not JSON */
  json(): unknown;
}

const run = promisify(execFile);

/** For `it.runIf`: the tests that run curl lines are skipped where curl is missing, and the output says so. */
export const hasCurl = spawnSync('curl', ['--version']).error === undefined;
if (!hasCurl) process.stderr.write('skipped: the tests that run curl lines, because curl is missing\n');

const curlTimeoutMs = 60_000;
/** Time-out of a test that runs Python: the first one installs its client. */
export const pythonTimeoutMs = 300_000;
let python: Promise<OpenAiPython> | undefined;

/**
 * Starts the product under a profile before the tests of a `describe`, with nothing but an environment, and stops it
 * after them.
 *
 * @param envOf gets the simulator's address, without a path
 */
export function playReadme(profile: string, envOf: (simulatorUrl: string) => Env | Promise<Env>): () => Play {
  let play: Play | undefined;
  let services: readonly ServiceProcess[] = [];
  beforeAll(async () => {
    const { redis, simulator } = await surroundings();
    await simulatorControl(simulator.url).reset();
    databases += 1;
    const env = {
      SLUICE_COMPAT: profile,
      REDIS_URL: `${redis.url}/${databases}`,
      ...(await envOf(simulator.url)),
    };
    const [ingress, worker] = await Promise.all([spawnService('ingress', { env }), spawnService('worker', { env })]);
    services = [ingress, worker];
    play = playOf({ ingress, worker, simulator });
  }, 120_000);
  afterAll(() => Promise.all(services.map((service) => service.stop())));
  return () => {
    if (play === undefined) throw new Error('the product has not been started');
    return play;
  };
}

interface Surroundings {
  readonly redis: RedisServer;
  readonly simulator: SimulatorProcess;
}

let started: Promise<Surroundings> | undefined;
/** Number of the Redis database; each start of the product has its own. */
let databases = 0;

/** One Redis and one simulator for all tests of a file. */
const surroundings = (): Promise<Surroundings> =>
  (started ??= Promise.all([startRedis(), spawnService('simulator')]).then(([redis, simulator]) => ({
    redis,
    simulator,
  })));

afterAll(async () => {
  const { redis, simulator } = (await started) ?? {};
  await Promise.all([redis?.stop(), simulator?.stop()]);
});

interface Stage {
  readonly ingress: ServiceProcess;
  readonly worker: ServiceProcess;
  readonly simulator: SimulatorProcess;
}

function playOf({ ingress, worker, simulator }: Stage): Play {
  const { url } = ingress;
  const here = (text: string): string => text.replaceAll(/http:\/\/localhost:\d+/g, url);
  return {
    url,
    ingress,
    worker,
    simulator: simulatorControl(simulator.url),
    async curl(line) {
      const command = here(line).replace(/^curl /, "curl -sS -w '\\n%{http_code} %{content_type}' ");
      const { stdout } = await run('sh', ['-c', command], { timeout: curlTimeoutMs });
      const end = stdout.lastIndexOf('\n');
      const [status = '', contentType = ''] = stdout.slice(end + 1).split(' ');
      const body = stdout.slice(0, end);
      return { status: Number(status), contentType, body, json: () => JSON.parse(body) as unknown };
    },
    client: (apiKey) => openaiClient({ baseUrl: `${url}/v1`, apiKey }),
    async python(context, script) {
      python ??= openaiPython();
      const found = await python;
      if (found.kind === 'ready') return await found.run(here(script));
      return context.skip(`Python's client for OpenAI can't be had here: ${found.reason}`);
    },
  };
}

/** Returns the text of a stream that curl received. Throws unless it ended as whole streams do. */
export function streamedText({ status, contentType, body }: CurlAnswer): string {
  expect([status, contentType]).toEqual([200, expect.stringMatching(/^text\/event-stream/)]);
  const { events } = parseSse(body);
  const texts = events.map(({ data }) => data);
  expect(texts.at(-1)).toBe('[DONE]');
  return texts
    .slice(0, -1)
    .map((data) => JSON.parse(data) as Chunk)
    .map(({ choices }) => choices[0]?.delta.content ?? '')
    .join('');
}

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string | null } }[];
}

/** Returns the variables of a README's block of `export NAME="value" # comment`, or of its `.env`. */
export function variablesIn(block: string): Record<string, string> {
  const lines = [...block.matchAll(/^(?:export )?([A-Z_]+)=(?:"([^"]*)"|([^\s#]*))/gm)];
  return Object.fromEntries(lines.map(({ 1: name = '', 2: quoted, 3: bare }) => [name, quoted ?? bare ?? '']));
}

/** A line of a README that a later issue brings. */
export interface LaterLine {
  /** Row of the checklist. */
  readonly row: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
}

/** Expects a 404 for each of these lines, and that the checklist names the issue that brings it. */
export function expectLater(play: () => Play, lines: readonly LaterLine[], apiKey: string): void {
  it.each(lines)('does not have $method $path yet (row $row)', async ({ row, method, path }) => {
    expect(promiseOf(row)).toMatchObject({
      state: expect.stringMatching(/^(?:missing|partly)$/),
      issue: expect.any(Number),
    });
    const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
    const answer = await fetch(play().url + path, method === 'GET' ? { headers } : { method, headers, body: '{}' });
    expect([answer.status, await answer.json()]).toMatchObject([404, { error: { code: 'unknown_url' } }]);
  });
}
