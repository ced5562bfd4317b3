import { describe, expect, it } from 'vitest';
import { load } from '../load.ts';

describe('upstreams and models', () => {
  const config = load(`
upstreams:
  - { id: a, type: openai, base_url: "https://a.example/v1//", credentials: [{ id: x, api_key: k1 }, { id: y, api_key: k2 }] }
  - { id: b, type: openai, base_url: http://127.0.0.1:9900/v1, stream_usage: false }
models:
  - { id: GPT-4o, targets: [{ upstream: a, model: gpt-4o-2024, priority: 2, weight: 0.5 }, { upstream: b }] }
`);

  it('have all settings that the worker needs', () => {
    const credential = (id: string, apiKey?: unknown): unknown => ({ id, apiKey });
    expect(config.upstreams).toEqual([
      {
        id: 'a',
        type: 'openai',
        credentials: [credential('x', expect.anything()), credential('y', expect.anything())],
        baseUrl: 'https://a.example/v1',
        streamUsage: true,
        options: {},
        proxy: undefined,
        tls: { ca: undefined, cert: undefined, key: undefined },
        headers: {},
        dropUnsupported: false,
        lacks: [],
        wholeAnswers: 'ask',
      },
      {
        id: 'b',
        type: 'openai',
        credentials: [credential('default')],
        baseUrl: 'http://127.0.0.1:9900/v1',
        streamUsage: false,
        options: {},
        proxy: undefined,
        tls: { ca: undefined, cert: undefined, key: undefined },
        headers: {},
        dropUnsupported: false,
        lacks: [],
        wholeAnswers: 'ask',
      },
    ]);
    expect(config.models).toEqual([
      {
        id: 'GPT-4o',
        targets: [
          { upstream: 'a', model: 'gpt-4o-2024', priority: 2, weight: 0.5 },
          { upstream: 'b', priority: 1, weight: 1 },
        ],
        thinking: 'field',
        autoContinue: 0,
      },
    ]);
  });

  it.each([
    ['', undefined],
    ['auto_continue: 5,', undefined],
    ['compress_context: {},', 10],
    ['compress_context: { rounds: 3 },', 3],
  ])('limit the rounds of a conversation: %s', (setting, expected) => {
    const { models } = load(`
upstreams: [{ id: a, type: openai, base_url: "https://a.example/v1" }]
models: [{ id: m, ${setting} targets: [{ upstream: a }] }]
`);
    expect(models[0]?.compressContext?.rounds).toBe(expected);
  });

  it('have credentials, or a default one without a key', () => {
    const credentials = config.upstreams.map((upstream) =>
      upstream.credentials.map(({ id, apiKey }) => [id, apiKey?.reveal()]),
    );
    expect(credentials).toEqual([
      [
        ['x', 'k1'],
        ['y', 'k2'],
      ],
      [['default', undefined]],
    ]);
  });

  it('choose the way to get whole answers; a model overrides its upstream', () => {
    const { upstreams, models } = load(`
upstreams: [{ id: a, type: openai, base_url: "https://a.example/v1", whole_answers: collect }]
models:
  - { id: m, targets: [{ upstream: a }] }
  - { id: n, whole_answers: ask, targets: [{ upstream: a }] }
`);
    expect(upstreams.map(({ wholeAnswers }) => wholeAnswers)).toEqual(['collect']);
    expect(models.map(({ wholeAnswers }) => wholeAnswers)).toEqual([undefined, 'ask']);
  });
});
