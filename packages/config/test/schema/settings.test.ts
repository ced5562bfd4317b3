import { catalogue } from '@sluice/providers/catalogue';
import { describe, expect, it } from 'vitest';
import { load, problemsOf, routing } from '../load.ts';

const types = `one of ${Object.keys(catalogue).join(', ')}`;
const hash = 'a'.repeat(64);
const idInWords = 'up to 64 letters, digits, dots, hyphens and underscores, a letter or digit first';
const upstream = (fields: string): string =>
  `upstreams: [{ id: sim, type: openai, base_url: http://h/v1, ${fields} }]\nmodels: [{ id: a, targets: [{ upstream: sim }] }]`;
const model = (fields: string): string =>
  `upstreams: [{ id: sim, type: openai, base_url: http://h/v1 }]\nmodels: [{ ${fields} }]`;

describe('settings', () => {
  it.each([
    ['server: { port: 65536 }', 'server.port: must be a whole number from 0 to 65535'],
    ['server: { port: "80" }', 'server.port: must be a whole number from 0 to 65535'],
    ['server: { port: 8080.5 }', 'server.port: must be a whole number from 0 to 65535'],
    ['server: { port: }', 'server.port: is empty; it must be a whole number from 0 to 65535'],
    ['server: 5', 'server: must be a mapping of settings'],
    ['server: []', 'server: must be a mapping of settings'],
    ['server: { trust_proxy: yes }', 'server.trust_proxy: must be true or false'],
    ['server: { heartbeat_ms: 0 }', 'server.heartbeat_ms: must be a whole number of milliseconds from 1 to 2147483647'],
    [
      'server: { pause_at_bytes: 5000000 }',
      'server.pause_at_bytes: must not be above slow_client_bytes, which is 4194304',
    ],
    ['worker: { metrics_port: -1 }', 'worker.metrics_port: must be a whole number from 0 to 65535'],
    ['worker: { concurrency: 0 }', 'worker.concurrency: must be a whole number from 1 to 10000'],
    ['queue: { shards: 65 }', 'queue.shards: must be a whole number from 1 to 64'],
    ['limits: { queue_size: -1 }', 'limits.queue_size: must be a whole number, 0 or more'],
    ['log: { level: warning }', 'log.level: must be one of trace, debug, info, warn, error, fatal, silent'],
  ])('refuses %s', (yaml, problem) => {
    expect(problemsOf(yaml)).toEqual([problem]);
  });

  it.each([
    ['serverr: {}', 'serverr: is not a setting; did you mean server?'],
    ['server: { prot: 1 }', 'server.prot: is not a setting; did you mean port?'],
    ['server: { maxBodyBytes: 1 }', 'server.maxBodyBytes: is not a setting; did you mean max_body_bytes?'],
    ['timeouts: { total-ms: 1 }', 'timeouts.total-ms: is not a setting; did you mean total_ms?'],
    ['redis: { tls: { caa: x } }', 'redis.tls.caa: is not a setting; did you mean ca?'],
    ['queue: { retries: 1 }', 'queue.retries: is not a setting; known here are shards'],
    ['keys: [{ key: sk-key-0001, limit: {} }]', 'keys[0].limit: is not a setting; did you mean limits?'],
    ['keys: [{ key: sk-key-0001, limits: { rpn: 5 } }]', 'keys[0].limits.rpn: is not a setting; did you mean rpm?'],
    [upstream('baseUrl: x'), 'upstreams[0].baseUrl: is not a setting; did you mean base_url?'],
    [
      upstream('credentials: [{ id: a, api_key: k, apiKey: x }]'),
      'upstreams[0].credentials[0].apiKey: is not a setting; did you mean api_key?',
    ],
  ])('refuses unknown names: %s', (yaml, problem) => {
    expect(problemsOf(yaml)).toEqual([problem]);
  });

  it('does not show an unknown name that may be a misplaced key', () => {
    expect(problemsOf('keys: [{ sk-team-a-0001: x, key: sk-team-b-0001 }]')).toEqual([
      expect.stringMatching(/^keys\[0\]\.…: is not a setting; known here are name, key, key_hash, /),
    ]);
  });
});

describe('redis', () => {
  it.each([
    ['{ url: "http://h" }', 'redis.url: must be a URL such as redis://host:6379 or rediss://user:password@host:6380/0'],
    [
      '{ url: "redis://:@h" }',
      'redis.url: must be a URL such as redis://host:6379 or rediss://user:password@host:6380/0',
    ],
    [
      '{ url: "redis://h/x" }',
      'redis.url: must be a URL such as redis://host:6379 or rediss://user:password@host:6380/0',
    ],
    [
      '{ url: "redis://h?password=x" }',
      'redis.url: must be a URL such as redis://host:6379 or rediss://user:password@host:6380/0',
    ],
    [
      '{ url: "redis://%ff@h" }',
      'redis.url: must be a URL such as redis://host:6379 or rediss://user:password@host:6380/0',
    ],
    ['{ cluster: [] }', 'redis.cluster: must be a list of at least one node as host:port'],
    ['{ cluster: [a] }', 'redis.cluster[0]: must be host:port with a port from 1 to 65535'],
    ['{ cluster: ["a:0"] }', 'redis.cluster[0]: must be host:port with a port from 1 to 65535'],
    ['{ cluster: ["redis://a:1"] }', 'redis.cluster[0]: must be host:port with a port from 1 to 65535'],
    ['{ sentinel: { nodes: ["a:1"] } }', 'redis.sentinel.name: is missing; it must be the name of the master'],
    ['{ password: "" }', 'redis.password: is empty; it must be text'],
    ['{ password: }', 'redis.password: is empty; it must be text'],
    [
      '{ url: "redis://h", cluster: ["a:1"] }',
      'redis.cluster: contradicts url; give only one of url, cluster and sentinel',
    ],
    [
      '{ cluster: ["a:1"], sentinel: { name: m, nodes: ["a:1"] } }',
      'redis.sentinel: contradicts cluster; give only one of url, cluster and sentinel',
    ],
    ['{ url: "rediss://h", tls: false }', 'redis.tls: contradicts url, which begins with rediss:// and so means TLS'],
    [
      '{ url: "redis://:a@h", password: b }',
      'redis.password: contradicts url, which holds a password too; give it in one place',
    ],
    [
      '{ tls: x }',
      'redis.tls: must be true, false or a mapping with ca, cert, key, servername and reject_unauthorized',
    ],
    [
      '{ key_prefix: "{x}" }',
      'redis.key_prefix: must be up to 64 letters, digits and the characters : . _ -, a letter or digit first',
    ],
  ])('refuses %s', (yaml, problem) => {
    expect(problemsOf(`redis: ${yaml}`)).toEqual([problem]);
  });
});

describe('keys', () => {
  it.each([
    ['[sk-team-a-0001]', ['keys[0]: must be a mapping of settings']],
    ['{ name: a }', ['keys: must be a list of keys']],
    ['[{ name: a }]', ['keys[0].key: is missing; give a key of at least 8 characters without spaces, or key_hash']],
    ['[{ key: "" }]', ['keys[0].key: is empty; it must be at least 8 characters without spaces']],
    ['[{ key: "7 chars" }]', ['keys[0].key: must be at least 8 characters without spaces']],
    ['[{ key: 1234567890 }]', ['keys[0].key: must be at least 8 characters without spaces']],
    [
      '[{ key_hash: abc }]',
      ['keys[0].key_hash: must be the SHA-256 of the key, 64 hex digits, with or without sha256: before them'],
    ],
    ['[{ key: sk-key-0001, anonymous: any_key }]', ['keys[0].anonymous: contradicts key; give only one of them']],
    ['[{ anonymous: yes_please }]', ['keys[0].anonymous: must be one of without_key, any_key']],
    ['[{ anonymous: without_key, admin: true }]', ['keys[0].admin: must be false for anonymous clients']],
    [
      '[{ anonymous: without_key }, { anonymous: any_key }]',
      ['keys[1]: is the same key as keys[0]; remove one of them'],
    ],
    [`[{ key: sk-key-0001, key_hash: ${hash} }]`, ['keys[0].key_hash: contradicts key; give only one of them']],
    ['[{ key: sk-key-0001 }, { key: sk-key-0001 }]', ['keys[1]: is the same key as keys[0]; remove one of them']],
    [
      `[{ key_hash: ${hash} }, { key_hash: "sha256:${hash.toUpperCase()}" }]`,
      ['keys[1]: is the same key as keys[0]; remove one of them'],
    ],
    ['[{ key: sk-key-0001, models: [] }]', ['keys[0].models: must be a list of at least one glob']],
    ['[{ key: sk-key-0001, thinking: hidden }]', ['keys[0].thinking: must be one of field, think, strip, raw']],
    ['[{ key: sk-key-0001, limits: { rpm: 0 } }]', ['keys[0].limits.rpm: must be a whole number, 1 or more']],
    [
      '[{ key: sk-key-0001, limits: { tpm_burst: 5 } }]',
      ['keys[0].limits.tpm_burst: has no effect without tpm; set tpm too'],
    ],
  ])('refuses %s', (yaml, problems) => {
    expect(problemsOf(`keys: ${yaml}`)).toEqual(problems);
  });
});

describe('retry', () => {
  it.each([
    [
      'retry: { mode: fast, same_target: 2 }',
      'retry.same_target: must be below max_attempts of the mode, which is 2: no attempt would be left for another target',
    ],
    [
      'retry: { max_attempts: 5, same_target: 50 }',
      'retry.same_target: must be below max_attempts, which is 5: no attempt would be left for another target',
    ],
    [
      'retry: { wait_for_preferred_ms: 900000 }\ntimeouts: { total_ms: 1000 }',
      'retry.wait_for_preferred_ms: must be below timeouts.total_ms, which is 1000: the request would end before a fallback gets it',
    ],
    [
      'retry: { mode: fast, wait_for_preferred_ms: 10000 }',
      'retry.wait_for_preferred_ms: must be below timeouts.total_ms, which is 10000: the request would end before a fallback gets it',
    ],
    [
      'retry: { wait_for_preferred_ms: 5000 }\ntimeouts: { stream_total_ms: 5000 }',
      'retry.wait_for_preferred_ms: must be below timeouts.stream_total_ms, which is 5000: the request would end before a fallback gets it',
    ],
    [
      'retry: { wait_for_preferred_ms: 600000 }',
      'retry.wait_for_preferred_ms: must be below timeouts.total_ms, which is 600000: the request would end before a fallback gets it',
    ],
  ])('refuses values that leave no attempt or time for a fallback: %s', (yaml, problem) => {
    expect(problemsOf(yaml)).toEqual([problem]);
  });

  it.each([
    'retry: { max_attempts: 1 }',
    'retry: { mode: fast, max_attempts: 3, same_target: 2 }',
    'retry: { wait_for_preferred_ms: 999 }\ntimeouts: { total_ms: 1000 }',
  ])('accepts %s', (yaml) => {
    expect(() => load(yaml)).not.toThrow();
  });
});

it('names the maximum if a number is too large', () => {
  expect(problemsOf('server: { memory_limit_bytes: 1.0e+18 }')).toEqual([
    'server.memory_limit_bytes: must be a whole number of bytes from 134217728 to 9007199254740991',
  ]);
});

describe('upstreams', () => {
  it('must have an existing type', () => {
    expect(problemsOf(routing.replace('openai', 'cohere'))).toEqual([`upstreams[0].type: must be ${types}`]);
  });

  it.each([
    [
      'type: openai, options: { api_version: preview }',
      [
        'options.api_version: is not an option here; openai upstreams have headers, rename, unsupported, set, system_role, text_content, tool_call_ids, think_tags, auth_header, chat_path',
      ],
    ],
    [
      'type: openai, options: { headers: { Authorization: Bearer x } }',
      [
        'options.headers.Authorization: must be the name of a header that is neither for the key, nor for the connection, nor for the body',
      ],
    ],
    [
      'type: openai, options: { rename: { messages: input }, chat_path: chat }',
      [
        'options.rename.messages: must be a parameter other than model, messages, stream, stream_options',
        'options.chat_path: must be a path that begins with a slash',
      ],
    ],
    [
      'type: azure, options: { api_versoin: preview }',
      ['options.api_versoin: is not a setting; did you mean api_version?'],
    ],
    ['type: azure, options: { api_version: "" }', ['options.api_version: is empty; it must be text without spaces']],
  ])('accept only the options of their type: %s', (fields, problems) => {
    expect(problemsOf(routing.replace('type: openai', fields))).toEqual(
      problems.map((problem) => `upstreams[0].${problem}`),
    );
  });

  it.each([['ftp://h/v1'], ['http://user:secret@h/v1'], ['https://h/v1?key=secret'], ['https://h/v1#x'], ['h/v1']])(
    'refuse the base_url %s',
    (url) => {
      expect(problemsOf(routing.replace('http://127.0.0.1:9900/v1', `"${url}"`))).toEqual([
        'upstreams[0].base_url: must be an http or https URL without user, password, query and fragment',
      ]);
    },
  );

  it.each([
    ['credentials: []', 'upstreams[0].credentials: must be a list of at least one credential'],
    [
      'credentials: [{ id: a }]',
      'upstreams[0].credentials[0].api_key: is missing; set api_key, anonymous: true or oauth_file',
    ],
    [
      'credentials: [{ id: a, api_key: "" }]',
      'upstreams[0].credentials[0].api_key: is empty; it must be text without spaces',
    ],
    ['credentials: [{ id: a, api_key: "k\\n" }]', 'upstreams[0].credentials[0].api_key: must be text without spaces'],
    ['credentials: [{ id: a/b, api_key: k }]', `upstreams[0].credentials[0].id: must be ${idInWords}`],
    [
      'credentials: [{ id: a, api_key: k }, { id: a, api_key: l }]',
      'upstreams[0].credentials[1].id: is taken by credentials[0]; ids must differ',
    ],
  ])('refuse %s', (fields, problem) => {
    expect(problemsOf(upstream(fields))).toEqual([problem]);
  });

  it('accept the options of their type', () => {
    const { upstreams } = load(routing.replace('type: openai', 'type: azure, options: { api_version: preview }'));
    expect(upstreams[0]?.options).toEqual({ api_version: 'preview' });
  });

  it('must have unique ids', () => {
    const twice =
      'upstreams: [{ id: a, type: openai, base_url: http://h }, { id: a, type: openai, base_url: http://i }]';
    expect(problemsOf(`${twice}\nmodels: [{ id: m, targets: [{ upstream: a }] }]`)).toEqual([
      'upstreams[1].id: is taken by upstreams[0]; ids must differ',
    ]);
  });

  it('are refused without models', () => {
    expect(problemsOf('upstreams: [{ id: a, type: openai, base_url: http://h }]')).toEqual([
      'models: are missing, so that no upstream is used; add at least one model',
    ]);
  });
});

describe('models', () => {
  it.each([
    ['id: a', 'models[0].targets: is missing; it must be a list of at least one target'],
    ['id: a, targets: []', 'models[0].targets: must be a list of at least one target'],
    [
      'id: a, compress_context: { rounds: 0 }, targets: [{ upstream: sim }]',
      'models[0].compress_context.rounds: must be a whole number, 1 or more',
    ],
    [
      'id: a, auto_continue: 6, targets: [{ upstream: sim }]',
      'models[0].auto_continue: must be a whole number from 0 to 5',
    ],
    [
      'id: a, thinking: reasoning, targets: [{ upstream: sim }]',
      'models[0].thinking: must be one of field, think, strip, raw',
    ],
    [
      'id: "a b", targets: [{ upstream: sim }]',
      'models[0].id: must be a model name or glob of up to 200 characters without spaces',
    ],
    [
      'id: a, targets: [{ upstream: simm }]',
      'models[0].targets[0].upstream: must be the id of an upstream; did you mean sim?',
    ],
    [
      'id: a, targets: [{ upstream: openai }]',
      'models[0].targets[0].upstream: must be the id of an upstream; the ids are sim',
    ],
    [
      'id: a, targets: [{ upstream: sim, priority: 0 }]',
      'models[0].targets[0].priority: must be a whole number, 1 or more',
    ],
    [
      'id: a, targets: [{ upstream: sim, priority: 1.5 }]',
      'models[0].targets[0].priority: must be a whole number, 1 or more',
    ],
    ['id: a, targets: [{ upstream: sim, weight: 0 }]', 'models[0].targets[0].weight: must be a number above 0'],
    ['id: a, targets: [{ upstream: sim, weight: .inf }]', 'models[0].targets[0].weight: must be a number above 0'],
    [
      'id: a, targets: [{ upstream: sim, model: b }, { upstream: sim }, { upstream: sim, model: b, weight: 2 }]',
      'models[0].targets[2]: is the same as targets[0]; remove one of them, or give the other more weight',
    ],
  ])('refuse %s', (fields, problem) => {
    expect(problemsOf(model(fields))).toEqual([problem]);
  });

  it('must have ids that differ in more than case', () => {
    expect(
      problemsOf(model('id: GPT, targets: [{ upstream: sim }] }, { id: gpt, targets: [{ upstream: sim }]')),
    ).toEqual(['models[1].id: is taken by models[0]; ids must differ in more than upper and lower case']);
  });
});

describe('retry and timeouts', () => {
  it.each([
    ['retry: { mode: quick }', 'retry.mode: must be one of default, fast, balanced, secure, linear'],
    ['retry: { max_attempts: 0 }', 'retry.max_attempts: must be a whole number from 1 to 100'],
    ['retry: { jitter: 25 }', 'retry.jitter: must be a number from 0 to 1'],
    [
      'retry: { base_delay_ms: 500, max_delay_ms: 400 }',
      'retry.base_delay_ms: must not be above max_delay_ms, which is 400',
    ],
    ['retry: { base_delay_ms: 20000 }', 'retry.base_delay_ms: must not be above max_delay_ms, which is 10000'],
    [
      'retry: { mode: secure, max_delay_ms: 1000 }',
      'retry.max_delay_ms: must not be below base_delay_ms, which is 2000',
    ],
    [
      'retry: { rate_limit_base_delay_ms: 40000 }',
      'retry.rate_limit_base_delay_ms: must not be above rate_limit_max_delay_ms, which is 30000',
    ],
    [
      'retry: { random_delay_min_ms: 5 }',
      'retry.random_delay_min_ms: must not be above random_delay_max_ms, which is 0',
    ],
    [
      'timeouts: { first_token_ms: 2000, total_ms: 1000 }',
      'timeouts.first_token_ms: must not be above total_ms, which is 1000',
    ],
    [
      'timeouts: { first_token_ms: 60000, total_ms: 30000 }',
      'timeouts.first_token_ms: must not be above total_ms, which is 30000',
    ],
    [
      'timeouts: { first_token_ms: 2000, stream_total_ms: 1000 }',
      'timeouts.first_token_ms: must not be above stream_total_ms, which is 1000',
    ],
    [
      'timeouts: { total_ms: 3000000000 }',
      'timeouts.total_ms: must be a whole number of milliseconds from 1 to 2147483647',
    ],
  ])('refuse %s', (yaml, problem) => {
    expect(problemsOf(yaml)).toEqual([problem]);
  });

  it('accept an idle_ms above the total, and a total below the default of first_token_ms', () => {
    expect(load('timeouts: { idle_ms: 90000, total_ms: 1000 }').timeouts).toMatchObject({
      firstTokenMs: 30_000,
      idleMs: 90_000,
      totalMs: 1000,
      streamTotalMs: 1000,
    });
  });
});

it('accepts a first_token_ms between the totals of whole answers and of streams', () => {
  expect(load('timeouts: { first_token_ms: 2000, total_ms: 1000, stream_total_ms: 3000 }').timeouts).toMatchObject({
    firstTokenMs: 2000,
    totalMs: 1000,
    streamTotalMs: 3000,
  });
  expect(problemsOf('timeouts: { first_token_ms: 4000, total_ms: 1000, stream_total_ms: 3000 }')).toEqual([
    'timeouts.first_token_ms: must not be above stream_total_ms, which is 3000',
  ]);
  expect(problemsOf('timeouts: { first_token_ms: 4000, total_ms: 3000, stream_total_ms: 1000 }')).toEqual([
    'timeouts.first_token_ms: must not be above total_ms, which is 3000',
  ]);
});

describe('checks over several fields', () => {
  it('run although single fields are invalid', () => {
    expect(
      problemsOf(`
retry: { base_delay_ms: 500, max_delay_ms: 400, jitter: x, max_attempts: 1.5, colour: red }
upstreams: [{ id: sim, type: cohere, base_url: x }, { id: sim }]
models: [{ id: a, targets: [{ upstream: other, priority: 1.5, weight: -1 }] }, { id: A }]
`),
    ).toEqual([
      `upstreams[0].type: must be ${types}`,
      'upstreams[0].base_url: must be an http or https URL without user, password, query and fragment',
      `upstreams[1].type: is missing; it must be ${types}`,
      'upstreams[1].id: is taken by upstreams[0]; ids must differ',
      'upstreams[1].base_url: is missing; it must be an http or https URL without user, password, query and fragment',
      'models[0].targets[0].priority: must be a whole number, 1 or more',
      'models[0].targets[0].weight: must be a number above 0',
      'models[1].targets: is missing; it must be a list of at least one target',
      'models[1].id: is taken by models[0]; ids must differ in more than upper and lower case',
      'retry.max_attempts: must be a whole number from 1 to 100',
      'retry.jitter: must be a number from 0 to 1',
      expect.stringMatching(/^retry\.colour: is not a setting; known here are mode, max_attempts, backoff, /),
      'retry.base_delay_ms: must not be above max_delay_ms, which is 400',
      'models[0].targets[0].upstream: must be the id of an upstream; the ids are sim, sim',
    ]);
  });
});
