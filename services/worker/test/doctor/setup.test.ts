import { profiles } from '@sluice/compat';
import { type Config, loadConfig } from '@sluice/config';
import { verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { originInWords } from '../../src/doctor/report.ts';
import { judgeSetup } from '../../src/doctor/setup.ts';
import { wantedPorts } from '../../src/doctor/wanted-ports.ts';

type Env = Readonly<Record<string, string>>;
const configOf = (env: Env, file = ''): Config =>
  loadConfig({
    env,
    cwd: '/srv',
    isKeyRequired: false,
    readFile: (path) => (path.endsWith('.yaml') ? file : absent()),
  });
function absent(): never {
  throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
}
const profile = (env: Env): Config =>
  loadConfig({ env, cwd: '/srv', isKeyRequired: false, readFile: absent, profiles });

const findings = (config: Config): string[] =>
  judgeSetup(config).flatMap(({ level, text, advice }) => (level === 'ok' ? [] : [`${text} ${advice ?? ''}`]));

describe('the setup', () => {
  it('without an upstream is a warning that only the simulator answers', () => {
    expect(findings(configOf({}))).toEqual([
      expect.stringMatching(/^No upstream is configured: .* Write upstreams and models into sluice\.yaml/),
    ]);
  });

  it('lists the time limits, and warns of short ones', verifies('001-60'), () => {
    const env = {
      SLUICE_COMPAT: 'z2api',
      DEFAULT_KEY: 'sk-our-own-key',
      UPSTREAM_TOKEN: 'token-1234',
      ANON_TOKEN_ENABLED: 'false',
    };
    const [limits] = judgeSetup(profile({ ...env, REQUEST_TIMEOUT: '180000', STREAM_TIMEOUT: '600000' }));
    expect(limits).toMatchObject({
      id: 'timeouts',
      level: 'ok',
      text: expect.stringContaining('complete within 180 s'),
    });
    expect(findings(profile({ ...env, REQUEST_TIMEOUT: '2000' }))).toEqual([
      expect.stringMatching(/within 2 s, .* raise timeouts\.first_token_ms and timeouts\.total_ms \(REQUEST_TIMEOUT/),
    ]);
  });

  it('leaves out a first-token limit that exceeds the limit of the whole answer', () => {
    const textOf = (timeouts: string): string | undefined =>
      judgeSetup(configOf({}, `timeouts: ${timeouts}`)).find(({ id }) => id === 'timeouts')?.text;
    expect(textOf('{ total_ms: 20000 }')).toBe('An answer must be complete within 20 s, a streamed one within 20 s.');
    expect(textOf('{ first_token_ms: 15000, total_ms: 20000, stream_total_ms: 60000 }')).toBe(
      'An answer must be complete within 20 s, a streamed one must begin within 15 s and be complete within 60 s.',
    );
  });

  it('of an application of Bailian has no path', verifies('002-29'), () => {
    const at = (baseUrl: string, mode: string): Config =>
      configOf(
        {},
        `
upstreams:
  - { id: app, type: bailian, base_url: "${baseUrl}", options: { mode: ${mode} }, credentials: [{ id: a, api_key: canary-key }] }
models: [{ id: "*", targets: [{ upstream: app }] }]
`,
      );
    expect(findings(at('https://dashscope.aliyuncs.com', 'native'))).toEqual([]);
    expect(findings(at('https://dashscope.aliyuncs.com/compatible-mode/v1', 'native'))).toEqual([
      expect.stringMatching(/base_url has the path \/compatible-mode\/v1; .* \(ALIYUN_BASE_URL\)/),
    ]);
    expect(findings(at('https://dashscope.aliyuncs.com/some', 'compatible'))).toEqual([]);
  });
});

describe('the ports of the configuration', () => {
  const login = `
upstreams:
  - id: iflow
    type: iflow
    options: { oauth_client_id: a, oauth_client_secret: b }
    credentials: [{ id: login, oauth_file: ~/.iflow/oauth_creds.json }]
models: [{ id: "*", targets: [{ upstream: iflow }] }]
`;

  it('are those of the services, and that of the login', verifies('004-27'), () => {
    const env = { SLUICE_SECRET_KEY: 'a-secret-of-the-operator-0001' };
    expect(wantedPorts(configOf(env, login)).map(({ purpose, port, need }) => [purpose, port, need])).toEqual([
      ['the ingress, for clients', 8080, 'npm_start'],
      ["the ingress's management port", 9463, 'any'],
      ["the worker's management port", 9464, 'any'],
      ['`npm run login`', 8087, 'must'],
    ]);
  });

  it('must be free if the configuration sets them', () => {
    const config = configOf({ PORT: '8000', METRICS_PORT: '9000' });
    expect(wantedPorts(config).map(({ port, need }) => [port, need])).toEqual([
      [8000, 'must'],
      [9000, 'must'],
      [9900, 'npm_start'],
    ]);
  });
});

it('origins are described in words', () => {
  const variables = [
    { name: 'A', isFromDotenv: false },
    { name: 'B', isFromDotenv: true },
  ];
  expect([
    originInWords({ kind: 'default' }),
    originInWords({ kind: 'variable', name: 'PORT' }),
    originInWords({ kind: 'dotenv', name: 'PORT' }),
    originInWords({ kind: 'file', file: './sluice.yaml', line: 3, variables }),
    originInWords({ kind: 'file', file: './sluice.yaml', variables: [] }),
    originInWords({ kind: 'profile', profile: 'z2api', variables: [] }),
  ]).toEqual([
    'default',
    'environment variable PORT',
    'PORT in .env',
    './sluice.yaml:3, from A and B in .env',
    './sluice.yaml',
    'profile z2api',
  ]);
});
