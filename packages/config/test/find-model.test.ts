import { allowsModel, findListedModel, findModel, isListed } from '@sluice/config';
import { describe, expect, it, vi } from 'vitest';
import { load } from './load.ts';

const config = (...ids: string[]) =>
  load(
    JSON.stringify({
      upstreams: [{ id: 'u', type: 'openai', base_url: 'http://u' }],
      models: ids.map((id) => ({ id, targets: [{ upstream: 'u' }] })),
    }),
  );
const found = (ids: string[], name: string) => findModel(config(...ids), name)?.id;

describe('findListedModel', () => {
  it("returns the same as findModel, and does not use the cache of clients' names", () => {
    const models = config('gpt-4', 'gpt-*', '*');
    const names = ['GPT-4', 'gpt-5', 'claude'];
    const expected = names.map((name) => findModel(models, name));
    const set = vi.spyOn(Map.prototype, 'set');
    const listed = names.map((name) => findListedModel(models, name));
    findListedModel(models, 'never seen before');
    const writes = set.mock.calls.length;
    findModel(models, 'seen for the first time');
    const writesOfClients = set.mock.calls.length - writes;
    set.mockRestore();
    expect(listed).toEqual(expected);
    expect([writes, writesOfClients]).toEqual([0, 1]);
  });
});

describe('findModel', () => {
  it('finds a model by name, without regard to case', () => {
    expect(found(['glm-4.5', 'GPT-4o'], 'GLM-4.5')).toBe('glm-4.5');
    expect(found(['glm-4.5', 'GPT-4o'], 'gpt-4o')).toBe('GPT-4o');
    expect(found(['glm-4.5'], 'glm-4')).toBeUndefined();
    expect(found(['glm-4.5'], 'glm-4x5')).toBeUndefined();
  });

  it('prefers an exact name to an earlier glob', () => {
    expect(found(['*', 'gpt-*', 'gpt-4o'], 'gpt-4o')).toBe('gpt-4o');
  });

  it('uses the first glob that matches', () => {
    expect(found(['demo', 'gpt-*', '*'], 'gpt-4o')).toBe('gpt-*');
    expect(found(['*', 'gpt-*'], 'gpt-4o')).toBe('*');
  });

  it.each([
    ['*', 'org/model:tag'],
    ['*', '../x'],
    ['*', ''],
    ['meta/*', 'meta/llama/3'],
    ['*:free', 'org/model:free'],
    ['mock-?', 'mock-1'],
    ['mock[1-3]', 'MOCK2'],
    ['{claude,gpt}-*', 'gpt-4'],
    ['demo-*', 'Demo-slow'],
    ['*mini*', 'openai/gpt-4o-mini-2024'],
  ])('matches %s with %s', (glob, name) => {
    expect(found([glob], name)).toBe(glob);
  });

  it.each([
    ['demo-*', 'demo'],
    ['mock-?', 'mock-12'],
    ['mock[1-3]', 'mock4'],
    ['gpt-*', 'my-gpt-4'],
    ['!(gpt)*', 'claude'],
  ])('does not match %s with %s', (glob, name) => {
    expect(found([glob], name)).toBeUndefined();
  });

  it('returns the entry itself', () => {
    const frozen = config('a', 'b*');
    expect(findModel(frozen, 'bc')).toBe(frozen.models[1]);
  });
});

describe('isListed', () => {
  const listed = (id: string, target: object): boolean =>
    isListed(
      load(
        JSON.stringify({
          upstreams: ['u', 'v'].map((name) => ({ id: name, type: 'openai', base_url: `http://${name}` })),
          models: [{ id, targets: [target] }],
        }),
      ),
      'u',
    );

  it('is true for an upstream to which a glob passes the names of clients', () => {
    expect(listed('*', { upstream: 'u' })).toBe(true);
    expect(listed('gpt-?', { upstream: 'u' })).toBe(true);
  });

  it('is false if every model of the upstream has a name in the configuration', () => {
    expect(listed('gpt-4o', { upstream: 'u' })).toBe(false);
    expect(listed('*', { upstream: 'u', model: 'gpt-4o' })).toBe(false);
    expect(listed('*', { upstream: 'v' })).toBe(false);
  });
});

describe('allowsModel', () => {
  const allows = (models: string[], name: string) => allowsModel({ models }, name);

  it('allows models that one of the globs matches', () => {
    expect(allows(['*'], 'anything/at all')).toBe(true);
    expect(allows(['small', 'gpt-4o-*'], 'GPT-4o-mini')).toBe(true);
    expect(allows(['small', 'gpt-4o-*'], 'SMALL')).toBe(true);
  });

  it('refuses other models', () => {
    expect(allows(['small', 'gpt-4o-*'], 'gpt-4o')).toBe(false);
    expect(allows(['small'], 'smaller')).toBe(false);
    expect(allows(['gpt-4.1'], 'gpt-4x1')).toBe(false);
  });
});
