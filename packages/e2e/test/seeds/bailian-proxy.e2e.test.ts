import { verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { hasCurl, playReadme, pythonTimeoutMs, streamedText } from './play.ts';

/*
 * The README of bailian-proxy from its top to its bottom, line by line, against the simulator. Its clients send any
 * key or none, which `ALLOW_ANONYMOUS_ACCESS=true` allows here.
 */

describe("bailian-proxy's README", () => {
  const play = playReadme('bailian-proxy', (simulatorUrl) => ({
    ALIYUN_APP_ID: 'app-of-the-readme',
    ALIYUN_API_KEY: 'tok-bailian-readme',
    ALIYUN_BASE_URL: simulatorUrl,
    ALLOW_ANONYMOUS_ACCESS: 'true',
  }));
  const lastCall = async () => (await play().simulator.calls()).at(-1);

  it.runIf(hasCurl)('is healthy', verifies('002-07', '002-23', '002-33'), async () => {
    expect((await play().curl('curl http://localhost:8081/health')).json()).toMatchObject({ status: 'ok' });
  });

  it.runIf(hasCurl)(
    'answers a chat request with any key',
    verifies('002-05', '002-06', '002-12', '002-22', '002-25', '002-34'),
    async () => {
      const answer = await play().curl(`curl -X POST http://localhost:8081/v1/chat/completions \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer your-openai-key" \\
  -d '{
    "model": "gpt-3.5-turbo",
    "messages": [
      {"role": "system", "content": "你是一个有帮助的助手。"},
      {"role": "user", "content": "你好！"}
    ],
    "temperature": 0.7
  }'`);
      expect([answer.status, answer.json()]).toMatchObject([200, { choices: [{ message: { role: 'assistant' } }] }]);
      expect(await lastCall()).toMatchObject({
        path: '/api/v1/apps/app-of-the-readme/completion',
        credential: 'tok-bailian-readme',
      });
    },
  );

  it.runIf(hasCurl)('streams without a key', verifies('002-04', '002-22'), async () => {
    const answer = await play().curl(`curl -X POST http://localhost:8081/v1/chat/completions \\
  -H "Content-Type: application/json" \\
  -d '{
    "model": "gpt-3.5-turbo",
    "messages": [
      {"role": "user", "content": "写一首诗"}
    ],
    "stream": true
  }'`);
    expect(streamedText(answer)).not.toBe('');
    expect((await lastCall())?.headers).toMatchObject({ 'x-dashscope-sse': 'enable' });
  });

  it.runIf(hasCurl)(
    'takes every parameter that it lists, and more of the OpenAI API',
    verifies('002-24', '002-25'),
    async () => {
      const body = {
        model: 'gpt-3.5-turbo',
        messages: [
          { role: 'system', content: '你是一个有帮助的助手。' },
          { role: 'user', content: '你好！' },
        ],
        temperature: 0.7,
        top_p: 0.9,
        max_tokens: 1000,
        stream: false,
        presence_penalty: 0.1,
        frequency_penalty: 0.1,
        stop: ['END'],
        logprobs: true,
        response_format: { type: 'json_object' },
        tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
      };
      const answer = await play().curl(
        `curl http://localhost:8081/v1/chat/completions -H "Content-Type: application/json" -d '${JSON.stringify(body)}'`,
      );
      expect([answer.status, answer.body]).toEqual([200, expect.stringContaining('"finish_reason":"stop"')]);
    },
  );

  it('serves an application for OpenAI in Node without a change', verifies('002-34'), async () => {
    const answer = await play()
      .client('sk-of-some-other-service')
      .chat.completions.create({
        model: 'gpt-3.5-turbo',
        messages: [{ role: 'user', content: '你好！' }],
      });
    expect(answer.choices[0]?.message.content).not.toBe('');
  });

  it(
    'serves an application for OpenAI in Python without a change',
    { ...verifies('002-34'), timeout: pythonTimeoutMs },
    async (context) => {
      const printed = await play().python(
        context,
        `
from openai import OpenAI
client = OpenAI(base_url="http://localhost:8081/v1", api_key="sk-of-some-other-service")
stream = client.chat.completions.create(model="gpt-3.5-turbo", messages=[{"role": "user", "content": "写一首诗"}], stream=True)
print(len("".join(chunk.choices[0].delta.content or "" for chunk in stream)) > 0)
`,
      );
      expect(printed).toBe('True\n');
    },
  );

  it.runIf(hasCurl)('tells errors apart', verifies('002-08'), async () => {
    await play().simulator.script([{ match: { contains: 'secret door' }, times: 1, directives: 'e401' }]);
    const ask = (body: string) =>
      play().curl(`curl http://localhost:8081/v1/chat/completions -H "Content-Type: application/json" -d '${body}'`);
    expect((await ask('{"model":"gpt-3.5-turbo"}')).json()).toMatchObject({ error: { param: 'messages' } });
    const refused = await ask('{"model":"gpt-3.5-turbo","messages":[{"role":"user","content":"secret door"}]}');
    expect(refused.status).toBe(502);
  });
});
