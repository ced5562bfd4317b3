import { verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { hasCurl, playReadme, pythonTimeoutMs, streamedText, variablesIn } from './play.ts';

/*
 * The README of unified-proxy from its top to its bottom, line by line, against the simulator. Its curl lines end in two
 * backslashes each, a markup error; here it is one.
 */

const clientKey = 'sk-unified-readme-0001';

/** Its basic example. */
const basic = `
# 服务配置
HOST=0.0.0.0
PORT=8000
LOG_LEVEL=info

# 数据库配置
DATABASE_URL=sqlite+aiosqlite:///./data/proxy.db

# 客户端认证配置
ENABLE_CLIENT_AUTH=true
ALLOW_ANONYMOUS_ACCESS=false

# 日志配置
LOG_FILE_PATH=./logs/proxy.log
LOG_RETENTION_DAYS=30

# AI 模型配置
TYPE=openai
API_KEY=your_api_key_here
BASE_URL=https://api.openai.com/v1
ACTUAL_NAME=gpt-3.5-turbo
ENABLED=true
MAX_TOKENS=4096
SUPPORTS_STREAMING=true
SUPPORTS_FUNCTION_CALLING=true
`;

describe("unified-proxy's README", () => {
  const play = playReadme('unified-proxy', (simulatorUrl) => {
    const { PORT: _another, ...variables } = variablesIn(basic);
    return {
      ...variables,
      API_KEY: 'tok-unified-readme',
      BASE_URL: `${simulatorUrl}/v1`,
      SLUICE_API_KEYS: clientKey,
    };
  });

  it.runIf(hasCurl)('starts with every setting of its basic example, and is healthy', verifies('003-39'), async () => {
    expect(Object.keys(variablesIn(basic))).toHaveLength(16);
    expect((await play().curl('curl http://localhost:8000/health')).json()).toMatchObject({ status: 'ok' });
  });

  it.runIf(hasCurl)('lists its models without a key', verifies('003-40'), async () => {
    const models = await play().curl('curl http://localhost:8000/models');
    expect([models.status, models.json()]).toMatchObject([200, { data: expect.any(Array) }]);
    expect(models.body).toContain('"gpt-3.5-turbo"');
  });

  it.runIf(hasCurl)('streams a chat', verifies('003-01', '003-21', '003-41'), async () => {
    const answer = await play().curl(`curl http://localhost:8000/chat/completions \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer ${clientKey}" \\
  -d '{
    "model": "gpt-3.5-turbo",
    "messages": [{"role": "user", "content": "Hello!"}],
    "stream": true
  }'`);
    expect(streamedText(answer)).not.toBe('');
  });

  it.runIf(hasCurl)('answers a chat under another name', verifies('003-41'), async () => {
    const answer = await play().curl(`curl http://localhost:8000/chat/completions \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer ${clientKey}" \\
  -d '{
    "model": "gpt-4",
    "messages": [
      {"role": "system", "content": "You are a helpful assistant."},
      {"role": "user", "content": "Explain quantum computing in simple terms."}
    ],
    "max_tokens": 150,
    "temperature": 0.7
  }'`);
    expect([answer.status, answer.json()]).toMatchObject([200, { choices: [{ finish_reason: 'stop' }] }]);
  });

  it('returns embeddings', verifies('003-42'), async () => {
    const embeddings = await play()
      .client(clientKey)
      .embeddings.create({ model: 'text-embedding-3-small', input: 'hi' });
    expect(embeddings.data).toHaveLength(1);
  });

  it('shows its API', verifies('003-46', '003-47'), async () => {
    for (const path of ['/docs', '/redoc']) {
      const page = await fetch(`${play().url}${path}`);
      expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<script src="docs/assets/')]);
    }
  });
});

const coze = variablesIn(`
TYPE=coze
ACTUAL_NAME=bot-7533263489985413120
ENABLED=true
SUPPORTS_STREAMING=true
SUPPORTS_FUNCTION_CALLING=false
`);

/** Its examples for each platform, with the path of that platform at the simulator. */
const platforms = [
  { path: '/v1', variables: { TYPE: 'openai', ACTUAL_NAME: 'gpt-4' } },
  { path: '/v1', variables: { TYPE: 'anthropic', ACTUAL_NAME: 'claude-3-sonnet-20240229' } },
  { path: '/v1beta', variables: { TYPE: 'google', ACTUAL_NAME: 'gemini-pro' } },
  { path: '/openai/deployments/your-deployment', variables: { TYPE: 'azure_openai', ACTUAL_NAME: 'gpt-4' } },
  { path: '', variables: coze },
  { path: '/v1', variables: { TYPE: 'custom', ACTUAL_NAME: 'llama2' } },
];

describe("unified-proxy's examples", () => {
  describe.each(platforms)('for $variables.TYPE', ({ path, variables }) => {
    const model = variables['ACTUAL_NAME'] ?? '';
    const play = playReadme('unified-proxy', (simulatorUrl) => ({
      ...variables,
      API_KEY: 'tok-platform',
      BASE_URL: `${simulatorUrl}${path}`,
      SLUICE_API_KEYS: clientKey,
    }));

    it.runIf(hasCurl)(
      'answers whole and streamed, with the parameters of its curl lines',
      verifies('003-02', '003-04', '003-20', '003-32', '003-33'),
      async () => {
        const ask = (stream: boolean) =>
          play().curl(`curl http://localhost:8000/chat/completions -H "Content-Type: application/json" \\
  -H "Authorization: Bearer ${clientKey}" \\
  -d '${JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }], max_tokens: 150, temperature: 0.7, stream })}'`);
        const whole = await ask(false);
        expect([whole.status, whole.body]).toEqual([200, expect.stringContaining('"finish_reason"')]);
        expect(streamedText(await ask(true))).not.toBe('');
      },
    );

    if (variables !== coze) return;
    it('answers in Python', { ...verifies('003-19', '003-48'), timeout: pythonTimeoutMs }, async (context) => {
      const printed = await play().python(
        context,
        `
import openai

client = openai.OpenAI(
    api_key="${clientKey}",
    base_url="http://localhost:8000/v1"
)

response = client.chat.completions.create(
    model="${model}",
    messages=[{"role": "user", "content": "Hello"}],
    stream=True
)
print(len("".join(chunk.choices[0].delta.content or "" for chunk in response)) > 0)
`,
      );
      expect(printed).toBe('True\n');
    });
  });
});
