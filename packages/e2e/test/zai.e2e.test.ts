import { until, verifies } from '@sluice/testkit';
import type { OpenAI } from 'openai';
import { APIError } from 'openai';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Sluice, startSluice } from './sluice.ts';
import { post, startedStream, tokensOf } from './traffic.ts';

let sluice: Sluice;
beforeEach(() => sluice.simulator.reset());

const retry = { max_attempts: 3, base_delay_ms: 5, max_delay_ms: 20, jitter: 0 };
const credentials = (id: string, ...names: readonly string[]) =>
  names.map((name) => ({ id: name, api_key: `tok-${id}-${name}` }));
/** A key that the simulator takes for a user's. */
const tokenOf = (id: string): string => `e30.${Buffer.from(JSON.stringify({ id })).toString('base64url')}.c2ln`;
const image = {
  type: 'image_url' as const,
  image_url: {
    url: 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  },
};
const asking = (content: OpenAI.ChatCompletionUserMessageParam['content'] = 'rid=x') => [
  { role: 'user' as const, content },
];

interface Said {
  readonly content: string;
  readonly reasoning: string;
  readonly chunks: readonly OpenAI.ChatCompletionChunk[];
}

type Thinking = { readonly content?: string | null; readonly reasoning_content?: string };

async function streamed(request: Omit<OpenAI.ChatCompletionCreateParamsStreaming, 'stream'>): Promise<Said> {
  const chunks: OpenAI.ChatCompletionChunk[] = [];
  for await (const chunk of await sluice.client().chat.completions.create({ ...request, stream: true })) {
    chunks.push(chunk);
  }
  const deltas = chunks.map(({ choices }): Thinking => choices[0]?.delta ?? {});
  return {
    content: deltas.map(({ content }) => content ?? '').join(''),
    reasoning: deltas.map(({ reasoning_content: piece }) => piece ?? '').join(''),
    chunks,
  };
}

async function whole(request: OpenAI.ChatCompletionCreateParamsNonStreaming): Promise<Thinking> {
  return (await sluice.client().chat.completions.create(request)).choices[0]?.message ?? {};
}

/** Returns the error that an SDK throws. */
async function failure(model: string): Promise<unknown> {
  const error: unknown = await sluice
    .client()
    .chat.completions.create({ model, messages: asking() })
    .catch((thrown: unknown) => thrown);
  return error instanceof APIError ? [error.status, error.code] : error;
}

/** Returns the body of a provider's last call. */
async function lastBody(): Promise<Readonly<Record<string, unknown>>> {
  return JSON.parse((await sluice.simulator.calls()).at(-1)?.body ?? '{}') as Readonly<Record<string, unknown>>;
}

/** Returns the outcome of a provider's call when its client leaves in the middle. */
async function outcomeOfLeaving(model: string): Promise<string | undefined> {
  const stream = await startedStream(sluice, { model });
  await stream.leave();
  const outcome = async () => (await sluice.simulator.calls()).at(-1)?.outcome;
  await until(async () => (await outcome()) !== 'open', { what: 'the call to end' });
  return outcome();
}

describe('the official API of the GLM models', () => {
  beforeAll(async () => {
    sluice = await startSluice({
      ingresses: 1,
      workers: 1,
      config: (simulatorUrl) => ({
        retry,
        upstreams: [
          {
            id: 'zai',
            type: 'zai',
            base_url: `${simulatorUrl}/api/paas/v4`,
            credentials: credentials('zai', 'a', 'b'),
          },
        ],
        models: [{ id: '*', targets: [{ upstream: 'zai' }] }],
      }),
    });
  });

  it.each([
    ['glm-4.5-t4', ''],
    ['glm-4.5-t4-thinking', 'think0 think1 think2 think3 '],
    ['glm-4.5v-think-t4-thinking', 'think0 think1 think2 think3 '],
  ])('%s answers, and reasons as its name says', verifies('000-16', '000-17', '000-20'), async (model, reasoning) => {
    const said = await streamed({ model, messages: asking(), stream_options: { include_usage: true } });
    expect(said).toMatchObject({ content: tokensOf('x', 4), reasoning });
    expect(said.chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: reasoning === '' ? 4 : 8 } });
    const message = await whole({ model, messages: asking() });
    expect([message.content, message.reasoning_content ?? '']).toEqual([tokensOf('x', 4), reasoning]);
  });

  it('reasons by effort', verifies('004-19'), async () => {
    const messages = asking();
    expect(await whole({ model: 'glm-4.7-t1', messages, reasoning_effort: 'high' })).toHaveProperty(
      'reasoning_content',
    );
    expect(await whole({ model: 'glm-4.7-t1', messages })).not.toHaveProperty('reasoning_content');
  });

  it('searches as its name says', verifies('000-06', '000-18'), async () => {
    const message = await whole({ model: 'glm-4.5-t1-search', messages: asking() });
    expect(message).toMatchObject({ content: 'x.0 ' });
    expect(await lastBody()).toMatchObject({ model: 'glm-4.5-t1', tools: [{ type: 'web_search' }] });
  });

  it('takes images', verifies('000-04'), async () => {
    const messages = asking([{ type: 'text', text: 'rid=x' }, image]);
    expect(await whole({ model: 'glm-4.5v-t2', messages })).toMatchObject({ content: tokensOf('x', 2) });
    expect(JSON.stringify(await lastBody())).toContain('data:image/png;base64,');
  });

  it.each([false, true])('calls tools and takes their results (stream: %s)', verifies('000-05'), async (stream) => {
    const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
    const tools = [{ type: 'function' as const, function: { name: 'weather', parameters } }];
    const request = { model: 'glm-4.6-t2', messages: asking(), tools };
    const { chat } = sluice.client();
    const message = stream
      ? (await chat.completions.stream(request).finalChatCompletion()).choices[0]?.message
      : (await chat.completions.create(request)).choices[0]?.message;
    const [call] = message?.tool_calls ?? [];
    expect(call).toMatchObject({ type: 'function', function: { name: 'weather', arguments: '{"city":"lorem"}' } });
    expect((await lastBody())['tool_stream']).toBe(stream ? true : undefined);
    const result = { role: 'tool' as const, tool_call_id: call?.id ?? '', content: 'warm' };
    const turn = { role: 'assistant' as const, content: null, tool_calls: message?.tool_calls ?? [] };
    const messages = [...asking(), turn, result];
    expect(await whole({ ...request, messages })).toMatchObject({ content: tokensOf('x', 2) });
  });

  it.each<[string, number, string, number]>([
    ['glm-policy', 400, 'content_policy_violation', 1],
    ['glm-ctxlen', 400, 'context_length_exceeded', 1],
    ['glm-neterr-t1', 502, 'upstream_error', 3],
    ['glm-errev-k0', 502, 'upstream_error', 3],
    ['glm-e503', 502, 'upstream_error', 3],
    ['glm-busy0', 502, 'upstream_error', 3],
  ])('fails with %s as %i %s after %i attempts', verifies('000-30', '000-32'), async (model, status, code, calls) => {
    expect(await failure(model)).toEqual([status, code]);
    expect((await sluice.simulator.stats()).total).toBe(calls);
  });

  it('reports that its filter ended an answer', async () => {
    const { chunks } = await streamed({ model: 'glm-sensitive-t1', messages: asking() });
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('content_filter');
  });

  it('gets no call for unsupported fields', async () => {
    const refused = await post(sluice, { model: 'glm-4.5', fields: { n: 2 } });
    expect([refused.status, ((await refused.json()) as { error: unknown }).error]).toMatchObject([
      400,
      { code: 'unsupported_parameter', param: 'n' },
    ]);
    expect((await sluice.simulator.stats()).total).toBe(0);
  });

  it('has its call aborted when the client leaves', async () => {
    expect(await outcomeOfLeaving('glm-4.5-t1000-i20')).toBe('aborted');
  });

  it('is not called again with an account without balance', async () => {
    await sluice.simulator.script([{ match: { credential: 'tok-zai-a' }, directives: 'quota' }]);
    for (const _ of Array.from({ length: 4 })) {
      expect(await whole({ model: 'glm-4.5-t1', messages: asking() })).toMatchObject({ content: 'x.0 ' });
    }
    expect((await sluice.simulator.stats()).byCredential['tok-zai-a']?.total).toBeLessThanOrEqual(1);
  });
});

describe('the backend of chat.z.ai', () => {
  const signing = { signing_variant: 'v2', signing_key: 'key-@@@@)))()((9))-xxxx&&&%%%%%' };
  beforeAll(async () => {
    sluice = await startSluice({
      ingresses: 1,
      workers: 1,
      env: { SLUICE_SECRET_KEY: 'a-secret-of-the-operator-0001' },
      config: (simulatorUrl) => ({
        retry,
        upstreams: [
          web('mixed', simulatorUrl, signing, [tokenOf('guest-8'), tokenOf('user-0003')]),
          withGuests(web('visited', simulatorUrl, { ...signing, zai_web_guests: true }, [tokenOf('user-0004')])),
          web('web', simulatorUrl, signing, [tokenOf('user-0001'), tokenOf('user-0002')]),
          web('guest', simulatorUrl, signing, [tokenOf('guest-7')]),
          web('older', simulatorUrl, { signing_variant: 'v1', signing_key: 'junjie', zai_web_api: 'v1' }, ['tok-old']),
          web('unsigned', simulatorUrl, { signing_variant: 'none', zai_web_api: 'v1' }, ['tok-unsigned']),
          web('wrong', simulatorUrl, { ...signing, signing_key: 'wrong' }, ['tok-wrong']),
          { id: 'api', type: 'zai', base_url: `${simulatorUrl}/api/paas/v4`, credentials: credentials('api', 'a') },
        ],
        models: [
          { id: 'gated', targets: [target('web', 'demo-captcha-t3', 1), target('api', 'glm-t3', 2)] },
          ...['guest', 'older', 'unsigned', 'wrong'].map((id) => ({
            id,
            targets: [{ upstream: id, model: 'demo-t3' }],
          })),
          ...['mixed', 'visited'].map((id) => ({ id, targets: [{ upstream: id, model: 'glm-4.5v' }] })),
          { id: 'guest-eyes', targets: [{ upstream: 'guest', model: 'glm-4.5v' }] },
          { id: '*', targets: [{ upstream: 'web' }] },
        ],
      }),
    });
  });
  const target = (upstream: string, model: string, priority: number): object => ({ upstream, model, priority });
  const withGuests = ({ credentials, ...upstream }: WebUpstream): object => ({
    ...upstream,
    credentials: [{ id: 'anonymous', anonymous: true }, ...credentials],
  });
  interface WebUpstream {
    readonly id: string;
    readonly type: string;
    readonly base_url: string;
    readonly options: object;
    readonly credentials: readonly object[];
  }
  const web = (id: string, url: string, options: object, keys: readonly string[]): WebUpstream => ({
    id,
    type: 'zai-web',
    base_url: url,
    options,
    credentials: keys.map((key, at) => ({ id: `${id}-${at}`, api_key: key })),
  });

  it.each(['demo-t5-q2', 'demo-edit-t5-q2', 'demo-plain-t5-q2', 'demo-plain-json-t5-q2-nodone', 'demo-t5-q2-split'])(
    '%s answers with and without its reasoning',
    verifies('000-17', '000-22', '001-03', '001-04'),
    async (model) => {
      const request = { model, messages: asking(), reasoning_effort: 'high' as const };
      const reasoning = 'think0 think1 ';
      const said = await streamed({ ...request, stream_options: { include_usage: true } });
      expect(said).toMatchObject({ content: tokensOf('x', 5), reasoning });
      expect(said.chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 7 } });
      expect(await whole(request)).toMatchObject({ content: tokensOf('x', 5), reasoning_content: reasoning });
      const quiet = await whole({ model, messages: asking() });
      expect([quiet.content, quiet.reasoning_content]).toEqual([tokensOf('x', 5), undefined]);
    },
  );

  it.each(['guest', 'older', 'unsigned'])('serves the upstream %s', async (model) => {
    expect(await whole({ model, messages: asking() })).toMatchObject({ content: tokensOf('x', 3) });
  });

  it('takes images of users, in chats that are created first', verifies('000-04'), async () => {
    const messages = asking([{ type: 'text', text: 'rid=x' }, image]);
    const said = await whole({ model: 'glm-4.6v', messages });
    expect(said.content).toContain('x.0 ');
    const paths = (await sluice.simulator.calls()).map(({ path }) => path);
    expect(paths).toEqual(['/api/v1/files/', '/api/v1/chats/new', '/api/v2/chat/completions']);
    expect(await lastBody()).toMatchObject({
      chat_id: expect.stringMatching(/^chat-/),
      files: [{ name: 'image-0.png' }],
    });
  });

  const asks = (model: string) =>
    whole({ model, messages: asking([{ type: 'text', text: 'rid=x' }, image]) }).then(
      ({ content }) => content?.includes('x.0 ') ?? false,
      (error: unknown) => error,
    );
  const inTurn = async (model: string): Promise<readonly unknown[]> => {
    const answers: unknown[] = [];
    for (let at = 0; at < 6; at++) answers.push(await asks(model));
    return answers;
  };

  it('gets images as a user where the pool has guests and users', verifies('000-04', '000-20'), async () => {
    expect(await inTurn('visited')).toEqual([true, true, true, true, true, true]);
    expect((await sluice.simulator.calls()).filter(({ status }) => status !== 200)).toEqual([]);
    expect(await whole({ model: 'visited', messages: asking() })).toMatchObject({ content: expect.any(String) });
  });

  it('gets an attempt with the next credential where one turns out to be a guest, without a cooldown', async () => {
    expect(await inTurn('mixed')).toEqual([true, true, true, true, true, true]);
    const refused = (await sluice.simulator.calls()).filter(({ status }) => status !== 200);
    expect(refused.length).toBeGreaterThan(0);
    // The guest credential still works for everything else: half of the requests without images use it.
    await sluice.simulator.reset();
    for (let at = 0; at < 4; at++) await whole({ model: 'mixed', messages: asking() });
    expect(new Set((await sluice.simulator.calls()).map(({ credential }) => credential)).size).toBe(2);
  });

  it('takes no images of guests, and says so', async () => {
    const content = [{ type: 'text', text: 'see' }, image];
    const refused = await post(sluice, { model: 'guest-eyes', fields: { messages: [{ role: 'user', content }] } });
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain('signed-in users');
  });

  it('is called once when it requires a captcha, before the next target', async () => {
    const response = await post(sluice, { model: 'gated' });
    expect([response.status, response.headers.get('x-sluice-upstream')]).toEqual([200, 'api']);
    expect((await sluice.simulator.stats()).total).toBe(2);
  });

  it.each<[string, string, RegExp]>([
    ['demo-captcha-t3', 'captcha_required', /captcha.*official API/],
    ['demo-old-t3', 'web_version_too_old', /too old/],
  ])('fails finally with %s, which an SDK does not retry', async (model, code, message) => {
    const refused = await post(sluice, { model });
    expect([refused.status, (await sluice.simulator.stats()).total]).toEqual([502, 1]);
    expect(refused.headers.get('x-should-retry')).toBe('false');
    const body = await refused.text();
    expect(JSON.parse(body)).toMatchObject({ error: { code } });
    expect(body).toMatch(message);
  });

  it('gets a new signature with each attempt', verifies('000-36'), async () => {
    expect(await failure('wrong')).toEqual([502, 'upstream_error']);
    const calls = await sluice.simulator.calls();
    const signatures = calls.map(({ headers }) => headers['x-signature']);
    expect([calls.length, new Set(signatures).size]).toEqual([3, 3]);
  });

  it('gets a signature for the next user when the first is refused', verifies('000-36'), async () => {
    await sluice.simulator.script([{ match: { credential: tokenOf('user-0001') }, directives: 'e401' }]);
    for (const _ of Array.from({ length: 3 })) {
      expect(await whole({ model: 'demo-t2', messages: asking() })).toMatchObject({ content: tokensOf('x', 2) });
    }
    const { byCredential } = await sluice.simulator.stats();
    expect(byCredential[tokenOf('user-0001')]?.total ?? 0).toBeLessThanOrEqual(1);
    expect(byCredential[tokenOf('user-0002')]?.total).toBe(3);
  });

  it.each<[string, number, string]>([
    ['demo-cut', 502, 'upstream_truncated'],
    ['demo-errev', 502, 'upstream_error'],
    ['demo-e501', 502, 'upstream_error'],
    ['demo-busy1', 502, 'upstream_error'],
  ])('fails with %s as %i %s', async (model, status, code) => {
    expect(await failure(model)).toEqual([status, code]);
  });

  it('gets no call with tools', async () => {
    const tools = [{ type: 'function', function: { name: 'look' } }];
    const refused = await post(sluice, { model: 'demo-t1', fields: { tools } });
    expect([refused.status, (await sluice.simulator.stats()).total]).toEqual([400, 0]);
  });

  it('has its call aborted when the client leaves', async () => {
    expect(await outcomeOfLeaving('demo-t1000-i20')).toBe('aborted');
  });
});
