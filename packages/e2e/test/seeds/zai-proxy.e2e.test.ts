import { until, verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { hasCurl, playReadme, pythonTimeoutMs, streamedText } from './play.ts';

/*
 * The README of zai-proxy from its top to its bottom, line by line, against the simulator. Two texts differ: the key,
 * because the published one is refused, and the address of the image, which is in the request instead.
 */

const key = 'sk-zai-readme-0001';
const image = `data:image/png;base64,${Buffer.from('\u0089PNG\r\n\u001a\n', 'latin1').toString('base64')}`;

const weather = `tools=[{
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "获取指定城市的天气",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string", "description": "城市名称"}
                }
            }
        }
    }]`;

const pythonClient = `
import openai

client = openai.OpenAI(
    api_key="${key}",  # 使用配置的API密钥
    base_url="http://localhost:8080/v1"  # 代理服务器地址
)
`;

describe("zai-proxy's README", () => {
  const play = playReadme('zai-proxy', (simulatorUrl) => ({
    UPSTREAM_TOKEN: 'tok-zai-readme',
    API_KEY: key,
    UPSTREAM_URL: simulatorUrl,
    SLUICE_SECRET_KEY: 'a-secret-of-the-operator-0002',
  }));

  it(
    'runs its example for Python',
    { ...verifies('000-01', '000-02', '000-50'), timeout: pythonTimeoutMs },
    async (context) => {
      const printed = await play().python(
        context,
        `${pythonClient}
# 基础对话
response = client.chat.completions.create(
    model="glm-4.5",
    messages=[{"role": "user", "content": "你好，请介绍一下自己"}]
)
print(response.choices[0].message.content)
print("---")

# 流式响应
stream = client.chat.completions.create(
    model="glm-4.5",
    messages=[{"role": "user", "content": "写一首关于春天的诗"}],
    stream=True
)

for chunk in stream:
    if chunk.choices[0].delta.content:
        print(chunk.choices[0].delta.content, end="")
`,
      );
      expect(printed.split('---').map((text) => text.trim().length > 10)).toEqual([true, true]);
    },
  );

  it('runs its example for Node.js', verifies('000-01', '000-50'), async () => {
    const completion = await play()
      .client(key)
      .chat.completions.create({
        model: 'glm-4.5',
        messages: [{ role: 'user', content: '你好' }],
      });
    expect(completion.choices[0]?.message.content).not.toBe('');
  });

  it.runIf(hasCurl)('runs its example for curl', verifies('000-02', '000-21', '000-50'), async () => {
    const answer = await play().curl(`curl -X POST http://localhost:8080/v1/chat/completions \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer ${key}" \\
  -d '{
    "model": "glm-4.5",
    "messages": [{"role": "user", "content": "你好"}],
    "stream": true
  }'`);
    expect(streamedText(answer)).not.toBe('');
    expect((await play().simulator.calls()).at(-1)).toMatchObject({
      path: '/api/v2/chat/completions',
      query: expect.stringContaining('signature_timestamp='),
    });
  });

  it(
    'sends images, reasons and searches, in Python',
    { ...verifies('000-04', '000-06', '000-17', '000-18', '000-20'), timeout: pythonTimeoutMs },
    async (context) => {
      const printed = await play().python(
        context,
        `${pythonClient}
for turn in range(4):
    response = client.chat.completions.create(
        model="glm-4.5v",
        messages=[{
            "role": "user",
            "content": [
                {"type": "text", "text": "这张图片里有什么？" + str(turn)},
                {"type": "image_url", "image_url": {"url": "${image}"}}
            ]
        }]
    )
    print("image", len(response.choices[0].message.content) > 0)

response = client.chat.completions.create(
    model="glm-4.5-thinking",
    messages=[{"role": "user", "content": "解释一下量子计算的原理"}]
)

# 响应包含推理过程
print("思考过程:", len(response.choices[0].message.reasoning_content) > 0)
print("最终回答:", len(response.choices[0].message.content) > 0)

response = client.chat.completions.create(
    model="glm-4.5-search",
    messages=[{"role": "user", "content": "最近有什么重要的科技新闻？"}]
)
print("search", len(response.choices[0].message.content) > 0)
`,
      );
      expect(printed.trim().split('\n')).toEqual([
        ...Array.from({ length: 4 }, () => 'image True'),
        '思考过程: True',
        '最终回答: True',
        'search True',
      ]);
    },
  );

  it('retries a 503 and answers', verifies('000-23', '000-30', '000-39'), async () => {
    const rule = { match: { contains: 'try me again' }, times: 1, directives: 'e503' };
    await play().simulator.script([rule]);
    const answer = await play()
      .client(key)
      .chat.completions.create({
        model: 'glm-4.5',
        messages: [{ role: 'user', content: 'try me again' }],
      });
    expect(answer.choices[0]?.finish_reason).toBe('stop');
    await until(() => /attempt (?:1 of 5 )?failed/.test(play().worker.output()), { what: 'the line of the attempt' });
  });

  it('gives up after five attempts', verifies('000-23', '000-40'), async () => {
    await play().simulator.reset();
    await play().simulator.script([{ match: { contains: 'never' }, directives: 'e500' }]);
    const body = { model: 'glm-4.5', messages: [{ role: 'user' as const, content: 'never' }] };
    await expect(play().client(key).chat.completions.create(body)).rejects.toMatchObject({ status: 502 });
    const calls = (await play().simulator.calls()).filter(({ path }) => path.endsWith('/chat/completions'));
    expect(calls).toHaveLength(5);
  });

  it('writes a line for each request', verifies('000-41'), async () => {
    const line = await until(
      () =>
        play()
          .ingress.output()
          .split('\n')
          .find((text) => text.includes('duration_ms') && text.includes('glm-4.5')),
      { what: 'the line of a request' },
    );
    expect(JSON.parse(line)).toMatchObject({ level: 'info', model: expect.stringMatching(/^glm-4\.5/) });
  });
});

describe("zai-proxy's README, with a key of the official API", () => {
  const play = playReadme('zai-proxy', (simulatorUrl) => ({
    API_KEY: key,
    ANON_TOKEN_ENABLED: 'false',
    ZAI_API_KEY: 'tok-zai-official',
    ZAI_BASE_URL: `${simulatorUrl}/api/paas/v4`,
  }));

  it('calls functions in Python', { ...verifies('000-05'), timeout: pythonTimeoutMs }, async (context) => {
    const printed = await play().python(
      context,
      `${pythonClient}
response = client.chat.completions.create(
    model="glm-4.5",
    messages=[{"role": "user", "content": "今天北京天气如何？"}],
    ${weather}
)
print(response.choices[0].finish_reason, response.choices[0].message.tool_calls[0].function.name)
`,
    );
    expect(printed).toBe('tool_calls get_weather\n');
  });
});
