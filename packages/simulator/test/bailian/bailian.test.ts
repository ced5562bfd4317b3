import { describe, expect, it } from 'vitest';
import type { Simulator } from '../../src/index.ts';
import { simulate } from '../simulate.ts';

interface Asking {
  readonly input?: object;
  readonly parameters?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly path?: string;
}

const streamed = { 'x-dashscope-sse': 'enable' };

function ask({ url }: Simulator, appId: string, { input, parameters, headers, path }: Asking = {}): Promise<Response> {
  return fetch(`${url}${path ?? `/api/v1/apps/${appId}/completion`}`, {
    method: 'POST',
    headers: { authorization: 'Bearer tok-a', ...headers },
    body: JSON.stringify({ input: input ?? { prompt: 'rid=x' }, parameters: parameters ?? {}, debug: {} }),
  });
}

interface Frame {
  readonly output: {
    readonly text: string;
    readonly finish_reason: string;
    readonly session_id: string;
    readonly thoughts?: readonly { readonly thought: string }[];
  };
  readonly usage: { readonly models: readonly { readonly output_tokens: number }[] };
}

const framesOf = (text: string): Frame[] =>
  [...text.matchAll(/^data:(.*)$/gm)].map(([, data]) => JSON.parse(data ?? '') as Frame);

async function stream(appId: string, asking: Asking = {}): Promise<{ text: string; frames: Frame[] }> {
  const simulator = await simulate();
  const answer = await ask(simulator, appId, { ...asking, headers: { ...streamed, ...asking.headers } });
  expect(answer.headers.get('content-type')).toContain('text/event-stream');
  const text = await answer.text();
  return { text, frames: framesOf(text) };
}

const textsOf = (frames: readonly Frame[]): string[] => frames.map(({ output }) => output.text);

describe('a stream of an application', () => {
  it('repeats in each frame the text so far', async () => {
    const { frames } = await stream('app-t2');
    expect(textsOf(frames)).toEqual(['', 'x.0 ', 'x.0 x.1 ', 'x.0 x.1 ']);
    expect(frames.map(({ output }) => output.finish_reason)).toEqual(['null', 'null', 'null', 'stop']);
  });

  it('contains only new text if requested, in events with a status in a comment', async () => {
    const { text, frames } = await stream('app-t2', { parameters: { incremental_output: true } });
    expect(textsOf(frames)).toEqual(['', 'x.0 ', 'x.1 ', '']);
    expect(text).toMatch(/^id:1\nevent:result\n:HTTP_STATUS\/200\ndata:\{.*\}\n\nid:2\n/);
    expect(text.endsWith('}\n\n')).toBe(true);
  });

  it('may lack its blank lines, all or the last', async () => {
    const packed = await stream('packed-app-t2', { parameters: { incremental_output: true } });
    expect([packed.text.includes('\n\n'), textsOf(packed.frames)]).toEqual([false, ['', 'x.0 ', 'x.1 ', '']]);
    const { text } = await stream('app-t2-nodone');
    expect([text.includes('\n\n'), text.endsWith('\n\n')]).toEqual([true, false]);
  });

  it('shows requested reasoning, and sends empty frames otherwise', async () => {
    const parameters = { incremental_output: true, has_thoughts: true };
    const open = await stream('app-t1-q2', { parameters });
    expect(open.frames.map(({ output }) => output.thoughts?.[0]?.thought)).toEqual([
      undefined,
      'think0 ',
      'think1 ',
      undefined,
      undefined,
    ]);
    const { frames } = await stream('app-t1-q50', { parameters: { incremental_output: true } });
    expect(textsOf(frames.slice(0, 51)).join('')).toBe('');
    expect(frames.some(({ output }) => output.thoughts !== undefined)).toBe(false);
    const [thinker, writer] = frames.at(-1)?.usage.models ?? [];
    expect([thinker?.output_tokens, writer?.output_tokens]).toEqual([50, 1]);
  });

  it.each([
    ['at its start', 'app-errev-k0', 0],
    ['in its middle', 'app-errev-k2', 3],
  ])('may fail %s', async (_what, appId, before) => {
    const { text, frames } = await stream(appId);
    expect(frames).toHaveLength(before + 1);
    expect(text).toMatch(/event:error\n:HTTP_STATUS\/429\ndata:\{"code":"Throttling.AllocationQuota"[^\n]*\n\n$/);
  });
});

describe('a whole answer of an application', () => {
  it('comes without the header that requests a stream', async () => {
    const answer = await ask(await simulate(), 'app-t2', { headers: { accept: 'text/event-stream' } });
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.json()).toMatchObject({
      output: { text: 'x.0 x.1 ', finish_reason: 'stop', reject_status: false },
      usage: { models: [{ output_tokens: 2 }] },
    });
  });

  it('accepts messages and continues a session', async () => {
    const simulator = await simulate();
    const input = { messages: [{ role: 'user', content: 'rid=y' }], session_id: 's1' };
    const answer = await ask(simulator, 'app-t1', { input });
    expect(await answer.json()).toMatchObject({ output: { text: 'y.0 ', session_id: 's1' } });
    expect(simulator.calls()).toMatchObject([{ model: 'app-t1', credential: 'tok-a', status: 200 }]);
  });

  it('may be truncated, or an error', async () => {
    const simulator = await simulate();
    const cut = await ask(simulator, 'app-t5-cut');
    expect(await cut.json()).toMatchObject({ output: { text: 'x.0 x.1 ', finish_reason: 'null' } });
    const error = await ask(simulator, 'app-errev');
    expect([error.status, await error.json()]).toMatchObject([200, { code: 'Throttling.AllocationQuota' }]);
  });
});

describe('an error of an application', () => {
  it.each<[string, string, Asking, number, string]>([
    ['a wrong key', 'app-e401', {}, 401, 'InvalidApiKey'],
    ['a used-up quota', 'app-quota', {}, 429, 'Throttling.AllocationQuota'],
    ['a rate limit', 'app-e429', {}, 429, 'Throttling.RateQuota'],
    ['a long prompt', 'app-ctxlen', {}, 400, 'InvalidParameter'],
    ['a busy provider', 'app-busy1', {}, 400, 'InvalidParameter'],
    ['a failure', 'app-e503', {}, 503, 'InternalError'],
    ['no question', 'app', { input: {} }, 400, 'InvalidParameter'],
    ['an empty list', 'app', { input: { messages: [] } }, 400, 'InvalidParameter'],
    ['another workspace', 'foreign-app', {}, 403, 'AccessDenied'],
  ])('is JSON: %s', async (_what, appId, asking, status, code) => {
    const answer = await ask(await simulate(), appId, asking);
    expect([answer.status, await answer.json()]).toMatchObject([status, { code }]);
  });

  it('does not occur if the workspace is named', async () => {
    const answer = await ask(await simulate(), 'foreign-app', { headers: { 'x-dashscope-workspace': 'ws-1' } });
    expect(answer.status).toBe(200);
  });

  it('of moderation is an event, although its content type is JSON', async () => {
    const answer = await ask(await simulate(), 'app-policy');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/json']);
    expect(await answer.text()).toMatch(/^id:1\nevent:error\n:HTTP_STATUS\/400\ndata:\{"code":"DataInspectionFailed"/);
  });

  it("answers requests to an agent in OpenAI's form", async () => {
    const path = '/api/v2/apps/agent/app/compatible-mode/v1/chat/completions';
    const answer = await ask(await simulate(), 'app', { path });
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { message: 'Agent request must contain input messages' },
    ]);
  });
});

describe('a plain model', () => {
  it("answers in OpenAI's form, including errors", async () => {
    const { url } = await simulate();
    const post = (model: string): Promise<Response> =>
      fetch(`${url}/compatible-mode/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: 'Bearer tok-a' },
        body: JSON.stringify({ model, messages: [{ role: 'user', content: 'rid=x' }] }),
      });
    const answer = await post('qwen-plus-t1');
    expect(await answer.json()).toMatchObject({ choices: [{ message: { content: 'x.0 ' } }] });
    const error = await post('qwen-plus-e401');
    expect([error.status, await error.json()]).toMatchObject([401, { error: { code: 'invalid_api_key' } }]);
  });
});

describe('embeddings of a plain model', () => {
  it.each([
    ['text-embedding-v4', 10],
    ['text-embedding-v2', 25],
  ])('of %s accept %d texts per request', async (model, most) => {
    const simulator = await simulate();
    const embed = (count: number): Promise<Response> =>
      fetch(`${simulator.url}/compatible-mode/v1/embeddings`, {
        method: 'POST',
        headers: { authorization: 'Bearer tok-a' },
        body: JSON.stringify({ model, input: Array.from({ length: count }, () => 'x') }),
      });
    expect((await embed(most)).status).toBe(200);
    const refused = await embed(most + 1);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      error: { code: 'InvalidParameter', message: expect.stringContaining(`larger than ${most}`) },
    });
  });
});
