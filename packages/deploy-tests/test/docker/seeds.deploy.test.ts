import { chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, openaiClient, until, verifies } from '@sluice/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  bringBaseImages,
  buildImage,
  docker,
  hasEngine,
  imageOf,
  inRepository,
  isMissing,
  run,
  works,
} from '../../src/index.ts';
import { answer, type Answer, isMachineBusy } from './streams.ts';

// The lines of the READMEs of the gateways that Sluice replaces, unchanged except for: SLUICE_COMPAT, keys (Sluice refuses
// examples), addresses (the simulator's), the port on this machine, names of images and containers, and the network.

const key = 'sk-of-the-person-0001';
const port = process.env['DEPLOY_TESTS_PORT'] || String(await freePort());
const baseUrl = `http://127.0.0.1:${port}/v1`;
const name = 'sluice-deploy-seeds';

/** z2api, "环境配置". */
const z2api = `
# 基础配置
DEFAULT_KEY=${key}
UPSTREAM_TOKEN=tok-of-the-person

# 性能配置
PERFORMANCE_MODE=balanced         # fast/balanced/secure
MAX_CONCURRENT_CONNECTIONS=1000   # 最大并发连接数
REQUEST_TIMEOUT=120000           # 请求超时(ms)

# 功能配置
ANON_TOKEN_ENABLED=true
THINK_TAGS_MODE=think
ENABLE_METRICS=true
DEBUG_MODE=false

SLUICE_COMPAT=z2api
UPSTREAM_URL=http://simulator:9900
`;

/** unified-proxy, "基础配置示例". */
const unifiedProxy = `
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
API_KEY=tok-of-the-person
BASE_URL=http://simulator:9900/v1
ACTUAL_NAME=demo-t5
ENABLED=true
MAX_TOKENS=4096
SUPPORTS_STREAMING=true
SUPPORTS_FUNCTION_CALLING=true

SLUICE_COMPAT=unified-proxy
`;

describe.skipIf(isMissing('A Docker engine with compose', hasEngine()))('the lines of a README', () => {
  const folders: string[] = [];
  const hasHyphen = works('docker-compose', ['version']);
  beforeAll(async () => {
    await bringBaseImages();
    for (const target of ['ingress', 'worker', 'simulator'] as const) await buildImage(target);
  });
  afterAll(async () => {
    for (const folder of folders) rmSync(folder, { recursive: true });
    await docker(['image', 'rm', '--force', name]);
  });

  /** Runs a line of a README in a folder, with the port as a shell variable, which takes precedence over `.env`. */
  const inShell = async (folder: string, line: string): Promise<string> =>
    await run(
      'sh',
      ['-c', hasHyphen ? line : line.replaceAll('docker-compose', 'docker compose')],
      { COMPOSE_PROJECT_NAME: name, PORT: port, HOST: '127.0.0.1', DOCKER_BUILDKIT: '1' },
      folder,
    );

  /** The files of a clone that `docker-compose` reads, after `cp .env.example .env` and a person's changes. */
  function cloneWith(dotenv: string): string {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-seeds-'));
    folders.push(folder);
    for (const path of ['docker-compose.yml', '.env.example', 'deploy']) {
      cpSync(inRepository(path), join(folder, path), { recursive: true });
    }
    writeFileSync(join(folder, '.env'), readFileSync(join(folder, '.env.example'), 'utf8') + dotenv);
    return folder;
  }

  /** Waits for the start, then sends one request. */
  async function expectAnswer(apiKey: string, model: string): Promise<void> {
    const models = (): Promise<Response> =>
      fetch(`${baseUrl}/models`, { headers: { authorization: `Bearer ${apiKey}` } });
    await until(async () => (await models().catch(() => undefined))?.ok === true, {
      what: 'the list of models',
      timeoutMs: 180_000,
      intervalMs: 500,
    });
    const client = openaiClient({ baseUrl, apiKey });
    const untilTaken = async (): Promise<Answer | false> => {
      const end = await answer(client, model);
      return end !== 'refused' && end;
    };
    // A busy machine may refuse a first request; by default the SDK would retry it.
    const end = isMachineBusy()
      ? await until(untilTaken, { what: model, timeoutMs: 60_000 })
      : await answer(client, model);
    expect(end).toBe('whole');
  }

  describe('with docker-compose', () => {
    let folder = '';
    afterEach(() => inShell(folder, 'docker-compose down --volumes --timeout 5'));

    test('z2api: up -d, ps, logs -f, restart, pull, down', verifies('001-54'), async () => {
      folder = cloneWith(z2api);
      await inShell(folder, 'docker-compose up -d');
      await expectAnswer(key, 'GLM-4.5');
      expect(await inShell(folder, 'docker-compose ps')).toMatch(new RegExp(`127\\.0\\.0\\.1:${port}->8080`));
      // The command follows the log until it is stopped.
      const logs = await inShell(folder, 'timeout 5 docker-compose logs -f || [ $? = 124 ]');
      expect(logs).toMatch(/ingress-\d+ +\| .*"model":"GLM-4\.5"/i);
      await inShell(folder, 'docker-compose restart --timeout 20');
      await expectAnswer(key, 'GLM-4.5');
      // Without a registry, the output shows what the command would pull: none of Sluice's images.
      const pulled = await inShell(folder, 'docker-compose --dry-run pull 2>&1 || true');
      expect(pulled).toMatch(/ingress Skipped/);
      expect(pulled).not.toContain(imageOf('ingress'));
      await inShell(folder, 'docker-compose up -d');
      await expectAnswer(key, 'GLM-4.5');
      await inShell(folder, 'docker-compose down');
      expect(await inShell(folder, 'docker-compose ps --all --quiet')).toBe('');
    });

    test('unified-proxy: up -d and curl; as a user of one’s own', verifies('003-11', '003-38', '003-50'), async () => {
      folder = cloneWith(unifiedProxy);
      await inShell(folder, 'docker-compose up -d');
      const health = `http://127.0.0.1:${port}/health`;
      const isHealthy = async (): Promise<boolean> => (await fetch(health).catch(() => undefined))?.ok === true;
      await until(isHealthy, { what: '/health', timeoutMs: 120_000 });
      const setup = await inShell(folder, 'docker-compose logs setup');
      const [, apiKey = ''] = /API key: (sk-\S+)/.exec(setup) ?? [];
      await expectAnswer(apiKey, 'gpt-3.5-turbo');
      await inShell(folder, 'USER_ID=1234 docker-compose up -d');
      await expectAnswer(apiKey, 'gpt-3.5-turbo');
      for (const service of ['ingress', 'worker']) {
        expect(await inShell(folder, `docker-compose exec -T ${service} id -u`)).toBe('1234');
      }
    });
  });

  describe('with docker', () => {
    const network = `--network ${name}`;
    let folder = '';
    beforeAll(async () => {
      await docker(['network', 'create', name]);
      await docker(
        `run --detach --rm --name ${name}-simulator --network ${name} --network-alias simulator`
          .split(' ')
          .concat(imageOf('simulator')),
      );
      await inShell(inRepository('.'), `docker build --network host -f deploy/docker/Dockerfile -t ${name} .`);
    });
    afterEach(() => docker(['rm', '--force', '--volumes', name]));
    afterAll(async () => {
      await docker(['rm', '--force', `${name}-simulator`]);
      await docker(['network', 'rm', name]);
    });

    /** The key that the start has generated and printed. */
    const keyShown = async (): Promise<string> =>
      await until(async () => /API key +(sk-\S+)/.exec(await docker(['logs', name]))?.[1], {
        what: 'the key in the log',
        timeoutMs: 60_000,
      });

    test('zai-proxy: the image has what runs, and not what builds it', verifies('000-46'), async () => {
      folder = inRepository('.');
      await inShell(
        folder,
        `docker run -d --name ${name} ${network} -p 127.0.0.1:${port}:8080 \
          -e SLUICE_COMPAT=zai-proxy -e UPSTREAM_URL=http://simulator:9900 -e API_KEY=${key} ${name}`,
      );
      await expectAnswer(key, 'glm-4.5');
      const find = `docker run --rm --user 0 --entrypoint find ${name} / -type f`;
      expect(await inShell(folder, `${find} -path "*/bin/node"`)).toBe('/usr/local/bin/node');
      for (const builder of ['npm', 'turbo', 'tsc']) {
        expect(await inShell(folder, `${find} -path "*/bin/${builder}*"`)).toBe('');
      }
    });

    test('z2api: docker run, docker stats', verifies('001-55'), async () => {
      folder = inRepository('.');
      await inShell(
        folder,
        `docker run -d \
  --name ${name} \
  -p 127.0.0.1:${port}:8080 \
  -e DEFAULT_KEY=${key} \
  -e PERFORMANCE_MODE=balanced \
  -e MAX_CONCURRENT_CONNECTIONS=1000 \
  -e SLUICE_COMPAT=z2api -e UPSTREAM_URL=http://simulator:9900 ${network} \
  ${name}`,
      );
      await expectAnswer(key, 'GLM-4.5');
      expect(await docker(['stats', '--no-stream', name])).toContain('MiB');
    });

    test('bailian-proxy: docker run', verifies('002-32'), async () => {
      folder = inRepository('.');
      await inShell(
        folder,
        `docker run -d -p 127.0.0.1:${port}:8080 \
  -e ALIYUN_APP_ID=app-of-the-person \
  -e ALIYUN_API_KEY=sk-of-the-application-0001 \
  -e SLUICE_COMPAT=bailian-proxy -e ALIYUN_BASE_URL=http://simulator:9900 --name ${name} ${network} \
  ${name}`,
      );
      const apiKey = await keyShown();
      await expectAnswer(apiKey, 'gpt-3.5-turbo');
      const { data } = await openaiClient({ baseUrl, apiKey }).models.list();
      expect(data.map(({ id }) => id)).toEqual(['gpt-3.5-turbo']);
    });

    test.each(['of the person', 'that the engine makes'])(
      'unified-proxy: docker run with volumes %s, an env file and limits',
      verifies('003-56'),
      async (whose) => {
        folder = cloneWith(unifiedProxy);
        const isOwn = whose === 'of the person';
        for (const volume of isOwn ? ['data', 'logs'] : []) {
          mkdirSync(join(folder, volume));
          chownSync(join(folder, volume), 1000, 1000);
        }
        await inShell(
          folder,
          `docker run -d \
  --name ${name} \
  -p 127.0.0.1:${port}:8000 \
  -v $(pwd)/data:/app/data \
  -v $(pwd)/logs:/app/logs \
  --env-file .env \
  --memory=512m --cpus=1.0 ${network} \
  ${name}`,
        );
        await expectAnswer(await keyShown(), 'gpt-3.5-turbo');
        const log = await inShell(folder, `docker logs ${name} 2>&1`);
        if (isOwn) expect(statSync(join(folder, 'logs/proxy.log')).size).toBeGreaterThan(0);
        else expect(log).toContain('LOG_FILE_PATH: The log /app/logs/proxy.log can');
      },
    );
  });
});
