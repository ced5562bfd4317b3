import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiKey, type Sluice, startSluice } from '../sluice.ts';
import { type Agent, type Call, installed, isInstalled, letWork, type Place, type Work } from './agent.ts';
import { agents } from './known-agents.ts';

let sluice: Sluice;
const upstreams = ['openai', 'azure', 'anthropic', 'gemini', 'zai'] as const;
const paths: Readonly<Record<(typeof upstreams)[number], string>> = {
  openai: '/v1',
  azure: '',
  anthropic: '/v1',
  gemini: '/v1beta',
  zai: '/api/paas/v4',
};

beforeAll(async () => {
  const missing = agents.filter((agent) => !isInstalled(agent)).flatMap(({ packages }) => packages);
  if (missing.length > 0) {
    mkdirSync(installed, { recursive: true });
    execFileSync('npm', ['install', '--no-save', '--prefix', installed, ...missing], { stdio: 'inherit' });
  }
  sluice = await startSluice({
    config: (simulatorUrl) => ({
      retry: { max_attempts: 4, base_delay_ms: 5, max_delay_ms: 20, jitter: 0 },
      upstreams: upstreams.flatMap((type) =>
        [type, `${type}-cut`].map((id) => ({
          id,
          type,
          base_url: `${simulatorUrl}${paths[type]}`,
          credentials: ['a', 'b'].map((name) => ({ id: name, api_key: `tok-${id}-${name}` })),
        })),
      ),
      // Agents choose their tools by the name of the model.
      models: upstreams.flatMap((type) =>
        ['gpt-5.5', 'demo'].map((name) => ({
          id: `${name}-${type}`,
          targets: [{ upstream: type, model: 'demo' }],
        })),
      ),
    }),
  });
});
beforeEach(() => sluice.simulator.reset());

/** A play for the simulator: see its README. */
const playOf = (...turns: readonly { readonly calls?: readonly Call[]; readonly text?: string }[]): string =>
  `play=${Buffer.from(JSON.stringify(turns)).toString('base64url')}`;

/** The task of one turn with two calls, and its end. */
const taskOf =
  (agent: Agent, work: Omit<Work, 'file'>) =>
  ({ folder }: Place): string =>
    playOf({ calls: agent.calls({ ...work, file: join(folder, 'new.txt') }) }, { text: 'All is done.' });

const toldNow = (url: string): string => url.replace(/\/v1$/, '');

describe.each(agents)('the agent $name', (agent) => {
  it.each(upstreams)('writes a file and runs a command in one turn at an upstream %s', async (type) => {
    const task = taskOf(agent, { content: 'hello', shell: 'echo two > a.txt' });
    const target = { url: toldNow(sluice.url(0)), key: apiKey, model: `${agent.modelFamily}-${type}` };
    const { output, place } = await letWork(agent, task, target);
    expect(readFileSync(join(place.folder, 'a.txt'), 'utf8'), output.slice(-3000)).toBe('two\n');
    expect(readFileSync(join(place.folder, 'new.txt'), 'utf8')).toBe('hello\n');
    expect(output).toContain('All is done.');
  });

  it('recovers from an interrupted answer and from a refused credential', async () => {
    await sluice.simulator.script([
      { match: { credential: 'tok-openai-a' }, directives: 'e401' },
      { match: { contains: 'call_play0x1' }, times: 1, directives: 'reset-k1' },
    ]);
    const task = taskOf(agent, { content: 'again', shell: 'echo three > a.txt' });
    const target = { url: toldNow(sluice.url(0)), key: apiKey, model: `${agent.modelFamily}-openai` };
    const { output, place } = await letWork(agent, task, target);
    expect(readFileSync(join(place.folder, 'a.txt'), 'utf8'), output.slice(-3000)).toBe('three\n');
    expect(output).toContain('All is done.');
  });
});
