import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Anthropic } from '@anthropic-ai/sdk';
import { promiseOf, until, verifies } from '@sluice/testkit';
import { afterAll, describe, expect, it } from 'vitest';
import { expectLater, hasCurl, playReadme, pythonTimeoutMs, streamedText } from './play.ts';

/*
 * The README of iflow2api from its top to its bottom, line by line, against the simulator, with the key of
 * `~/.iflow/settings.json`. packages/launcher/test/login.e2e.test.ts plays its login.
 */

const key = 'sk-iflow-readme-0001';

describe("iflow2api's README", () => {
  let home: string;
  const play = playReadme('iflow2api', async (simulatorUrl) => {
    home = await mkdtemp(join(tmpdir(), 'sluice-home-'));
    await mkdir(join(home, '.iflow'));
    const settings = `{
  "apiKey": "tok-iflow-readme",
  "baseUrl": "${simulatorUrl}/v1"
}`;
    await writeFile(join(home, '.iflow/settings.json'), settings);
    return { HOME: home, SLUICE_API_KEYS: key };
  });
  afterAll(() => rm(home, { recursive: true, force: true }));

  const ask = (body: object) =>
    play().curl(`curl http://localhost:8000/v1/chat/completions -H "Content-Type: application/json" \\
  -H "Authorization: Bearer ${key}" -d '${JSON.stringify(body)}'`);
  const question = [{ role: 'user', content: 'Hello' }];

  it('lists its models', verifies('004-22'), async () => {
    const page = await play().client(key).models.list();
    expect(page.data.map(({ id }) => id)).toEqual(
      expect.arrayContaining(['glm-4.7', 'deepseek-r1', 'qwen3-235b-a22b-thinking']),
    );
  });

  it.runIf(hasCurl)('answers whole and streamed', verifies('004-01', '004-03', '004-16', '004-23'), async () => {
    const whole = await ask({ model: 'glm-4.7', messages: question });
    expect([whole.status, whole.json()]).toMatchObject([200, { choices: [{ finish_reason: 'stop' }] }]);
    expect(streamedText(await ask({ model: 'glm-4.7', messages: question, stream: true }))).not.toBe('');
    expect((await play().simulator.calls()).at(-1)).toMatchObject({ credential: 'tok-iflow-readme' });
  });

  it("answers in Anthropic's form, whole and streamed", verifies('004-02', '004-24'), async () => {
    const baseURL = new URL(play().client(key).baseURL).origin;
    const anthropic = new Anthropic({ apiKey: key, baseURL, maxRetries: 0 });
    const asked = { model: 'glm-4.7', max_tokens: 100, messages: [{ role: 'user' as const, content: 'Hello' }] };
    expect(await anthropic.messages.create(asked)).toMatchObject({ type: 'message', stop_reason: 'end_turn' });
    expect(await anthropic.messages.stream(asked).finalMessage()).toMatchObject({ stop_reason: 'end_turn' });
  });

  it.runIf(hasCurl).each(['glm-4.7', 'deepseek-r1', 'qwen3-235b-a22b-thinking'])(
    'turns on the reasoning of %s',
    verifies('004-07', '004-19', '004-20', '004-21'),
    async (model) => {
      const answer = await ask({ model, messages: question, reasoning_effort: 'high' });
      expect([answer.status, answer.json()]).toMatchObject([200, { choices: [{ finish_reason: 'stop' }] }]);
    },
  );

  it('extends an answer that reached its length limit, and says so', verifies('004-12', '004-14'), async () => {
    const { response, data } = await play()
      .client(key)
      .chat.completions.create({ model: 'glm-4.7', messages: [{ role: 'user', content: 'a long one' }], max_tokens: 4 })
      .withResponse();
    expect(Number(response.headers.get('x-sluice-continuations'))).toBeGreaterThan(0);
    expect(data.usage?.completion_tokens).toBeGreaterThan(4);
  });

  it('keeps the last 10 rounds', verifies('004-10'), async () => {
    const rounds = Array.from({ length: 24 }, (_, at) => ({
      role: at % 2 === 0 ? ('user' as const) : ('assistant' as const),
      content: `message ${at}`,
    }));
    const messages = [...rounds, { role: 'user' as const, content: 'now' }];
    const { response } = await play()
      .client(key)
      .chat.completions.create({ model: 'glm-4.7', messages })
      .withResponse();
    expect(Number(response.headers.get('x-sluice-compressed-messages'))).toBeGreaterThan(0);
    expect(response.headers.get('x-sluice-continuations')).toBe('0');
  });

  it.runIf(hasCurl)(
    'retries three times, 1, 2 and 3 seconds later, and logs each attempt',
    verifies('004-08', '004-26'),
    async () => {
      await play().simulator.reset();
      await play().simulator.script([{ match: { contains: 'broken' }, directives: 'e500' }]);
      const answer = await ask({ model: 'glm-4.7', messages: [{ role: 'user', content: 'broken' }] });
      expect(answer.status).toBe(502);
      const times = (await play().simulator.calls()).map(({ at }) => at);
      expect(times.slice(1).map((at, index) => Math.round((at - (times[index] ?? 0)) / 1000))).toEqual([1, 2, 3]);
      const failures = (): number =>
        play()
          .worker.output()
          .split(/attempt (?:\d of 4 )?failed/).length - 1;
      await until(() => failures() >= 4, { what: 'a line for each attempt' });
    },
  );

  it.runIf(hasCurl)('refuses messages that are not a list, without a call', verifies('004-09', '004-11'), async () => {
    await play().simulator.reset();
    const answer = await ask({ model: 'glm-4.7', messages: 'Hello' });
    expect([answer.status, answer.json()]).toMatchObject([400, { error: { param: 'messages' } }]);
    expect(await play().simulator.calls()).toEqual([]);
  });

  it('serves the client of Python', { ...verifies('004-01', '004-03'), timeout: pythonTimeoutMs }, async (context) => {
    const printed = await play().python(
      context,
      `
from openai import OpenAI
client = OpenAI(base_url="http://localhost:8000/v1", api_key="${key}")
stream = client.chat.completions.create(model="glm-4.7", messages=[{"role": "user", "content": "Hello"}], reasoning_effort="high", stream=True)
print(len("".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)) > 0)
`,
    );
    expect(printed).toBe('True\n');
  });

  const later = [{ row: '004-25', method: 'GET', path: '/admin' }] as const;
  expectLater(play, later, key);

  it('has no program for Windows, and says what to do instead', () => {
    expect(promiseOf('004-29')).toMatchObject({ state: 'not applicable', shownBy: [{ file: 'docs/migrate.md' }] });
  });
});
