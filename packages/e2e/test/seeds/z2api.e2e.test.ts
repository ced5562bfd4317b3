import { until, verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { hasCurl, playReadme, pythonTimeoutMs, streamedText, variablesIn } from './play.ts';

/*
 * The README of z2api from its top to its bottom, line by line, against the simulator. Each text in backticks is in the
 * README; only keys and addresses differ, because example keys are refused.
 */

const key = 'sk-z2api-readme-0001';

/** Its six blocks of settings, one after the other. */
const settings = `
export PORT=8080                    # 服务端口
export DEFAULT_KEY="your-api-key"   # API认证密钥
export UPSTREAM_URL="https://chat.z.ai/api/chat/completions"
export UPSTREAM_TOKEN="your-token"  # 上游API token
export PERFORMANCE_MODE="balanced"  # 性能模式: fast/balanced/secure
export MAX_RETRIES=3                # 最大重试次数
export RETRY_DELAY=1000             # 重试延迟(ms)
export REQUEST_TIMEOUT=120000       # 请求超时(ms)
export STREAM_TIMEOUT=300000        # 流式超时(ms)
export RANDOM_DELAY_MIN=100         # 随机延迟最小值(ms)
export RANDOM_DELAY_MAX=500         # 随机延迟最大值(ms)
export MAX_CONCURRENT_CONNECTIONS=1000  # 最大并发连接数
export CONNECTION_QUEUE_SIZE=500        # 连接队列大小
export MAX_CONNECTION_TIME=600000       # 最大连接时间(ms)
export MEMORY_LIMIT_MB=2048             # 内存限制(MB)
export STREAM_BUFFER_SIZE=16384         # 流缓冲区大小(bytes)
export DISABLE_CONNECTION_CHECK=false   # 禁用连接检测
export CONNECTION_CHECK_INTERVAL=20     # 连接检测间隔
export ANON_TOKEN_ENABLED=true      # 启用匿名token
export THINK_TAGS_MODE="think"      # 思考标签模式: think/strip/raw
export DEBUG_MODE=false             # 调试模式
export ENABLE_METRICS=true          # 启用性能监控
export ENABLE_DETAILED_LOGGING=true # 启用详细日志
export LOG_USER_MESSAGES=false      # 记录用户消息
export LOG_RESPONSE_CONTENT=false   # 记录响应内容
`;

describe("z2api's README", () => {
  const play = playReadme('z2api', (simulatorUrl) => {
    const { PORT: _another, ...variables } = variablesIn(settings);
    return {
      ...variables,
      DEFAULT_KEY: key,
      UPSTREAM_TOKEN: 'tok-z2api-readme',
      UPSTREAM_URL: `${simulatorUrl}/api/chat/completions`,
      SLUICE_SECRET_KEY: 'a-secret-of-the-operator-0001',
      LOG_LEVEL: 'info',
    };
  });

  it.runIf(hasCurl)(
    'starts with every setting that it lists',
    verifies('001-15', '001-20', '001-31', '001-32'),
    async () => {
      expect(Object.keys(variablesIn(settings))).toHaveLength(25);
      expect((await play().curl('curl http://localhost:8080/health')).status).toBe(200);
    },
  );

  it.runIf(hasCurl)('shows its health and its status by curl', verifies('001-11', '001-56', '001-58'), async () => {
    const health = await play().curl('curl http://localhost:8080/health');
    expect([health.status, health.json()]).toEqual([
      200,
      expect.objectContaining({ status: 'ok', timestamp: expect.any(String) }),
    ]);
    const status = await play().curl('curl http://localhost:8080/status');
    expect(status.status).toBe(200);
    const management = (await (await fetch(`${play().ingress.managementUrl}/status`)).json()) as object;
    expect(management).toMatchObject({
      current_connections: expect.any(Number),
      max_connections: 1000,
      memory_usage_mb: expect.any(Number),
      total_requests: expect.any(Number),
      error_count: expect.any(Number),
      uptime_seconds: expect.any(Number),
    });
  });

  it('shows health and status in full to every client, as in its README', verifies('001-45', '001-46'), async () => {
    const page = async (path: string): Promise<unknown> => (await fetch(`${play().url}${path}`)).json();
    expect(await page('/health')).toMatchObject({
      status: 'ok',
      timestamp: expect.any(String),
      version: expect.any(String),
      build_date: expect.any(String),
      description: expect.any(String),
      performance_mode: 'balanced',
      config: {
        max_retries: 3,
        retry_delay: 1000,
        request_timeout: 120_000,
        random_delay: '100-500ms',
        max_concurrent_connections: 1000,
        stream_buffer_size: 16_384,
        connection_check_enabled: true,
      },
      stats: {
        total_requests: expect.any(Number),
        average_response_time: expect.any(Number),
        error_rate: expect.any(Number),
        current_connections: 0,
      },
      improvements: Array.from({ length: 8 }, () => expect.any(String)),
    });
    expect(await page('/status')).toMatchObject({
      current_connections: 0,
      max_connections: 1000,
      memory_usage_mb: expect.any(Number),
      memory_limit_mb: 2048,
      total_requests: expect.any(Number),
      error_count: expect.any(Number),
      uptime_seconds: expect.any(Number),
    });
  });

  it.runIf(hasCurl)('lists its models', verifies('001-02', '001-47'), async () => {
    const models = await play().curl(`curl http://localhost:8080/v1/models -H "Authorization: Bearer ${key}"`);
    const { data } = models.json() as { readonly data: readonly { readonly id: string }[] };
    expect(data.map(({ id }) => id)).toEqual(['glm-4.5', 'glm-4.5-thinking', 'glm-4.5-search']);
  });

  it.runIf(hasCurl)('streams the answer of its reasoning model', verifies('001-03', '001-04', '001-48'), async () => {
    const answer = await play().curl(`curl -X POST http://localhost:8080/v1/chat/completions \\
      -H "Content-Type: application/json" -H "Authorization: Bearer ${key}" \\
      -d '{
  "model": "GLM-4.5-Thinking",
  "messages": [
    {"role": "user", "content": "解释一下量子计算的原理"}
  ],
  "stream": true
}'`);
    expect(streamedText(answer)).not.toBe('');
  });

  it.runIf(hasCurl)(
    'answers its test of the API by curl',
    verifies('001-01', '001-22', '001-52', '001-56'),
    async () => {
      const line = (bearer: string): string => `curl -X POST http://localhost:8080/v1/chat/completions \\
  -H "Content-Type: application/json" \\
  -H "Authorization: Bearer ${bearer}" \\
  -d '{"model":"GLM-4.5","messages":[{"role":"user","content":"Hello"}]}'`;
      const answer = await play().curl(line(key));
      expect([answer.status, answer.json()]).toMatchObject([200, { choices: [{ finish_reason: 'stop' }] }]);
      expect((await play().simulator.calls()).at(-1)).toMatchObject({ path: '/api/v2/chat/completions' });
      expect((await play().curl(line('your-key'))).status).toBe(401);
    },
  );

  it('serves the client of Node', verifies('001-01', '001-03', '001-23'), async () => {
    const stream = await play()
      .client(key)
      .chat.completions.create({
        model: 'GLM-4.5-Search',
        messages: [{ role: 'user', content: 'Hello' }],
        stream: true,
      });
    const texts: string[] = [];
    for await (const chunk of stream) texts.push(chunk.choices[0]?.delta.content ?? '');
    expect(texts.join('')).not.toBe('');
    // It takes turns with a guest's.
    const credentials = (await play().simulator.calls()).map(({ credential }) => credential);
    expect(credentials).toContain('tok-z2api-readme');
  });

  it('serves the client of Python', { ...verifies('001-01', '001-03'), timeout: pythonTimeoutMs }, async (context) => {
    const printed = await play().python(
      context,
      `
from openai import OpenAI
client = OpenAI(base_url="http://localhost:8080/v1", api_key="${key}")
answer = client.chat.completions.create(model="GLM-4.5", messages=[{"role": "user", "content": "Hello"}])
print("whole", len(answer.choices[0].message.content) > 0)
stream = client.chat.completions.create(model="GLM-4.5", messages=[{"role": "user", "content": "Hello"}], stream=True)
print("stream", len("".join(chunk.choices[0].delta.content or "" for chunk in stream)) > 0)
`,
    );
    expect(printed).toBe('whole True\nstream True\n');
  });

  it.runIf(hasCurl)(
    'records each request in a line of JSON, with a masked key',
    verifies('001-10', '001-49', '001-51'),
    async () => {
      const line = await until(
        () =>
          play()
            .ingress.output()
            .split('\n')
            .filter((text) => text.startsWith('{'))
            .map((text) => JSON.parse(text) as Readonly<Record<string, unknown>>)
            .find((entry) => entry['model'] === 'GLM-4.5-Thinking' && entry['status'] === 200),
        { what: 'the line of the request' },
      );
      expect(line).toMatchObject({ request_id: expect.any(String), level: 'info', stream: true });
      expect(JSON.stringify(line)).not.toContain(key);
    },
  );
});
