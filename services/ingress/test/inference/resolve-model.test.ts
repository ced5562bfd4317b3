import { describe, expect, it } from 'vitest';
import { resolveModel } from '../../src/inference/resolve-model.ts';

const target = { upstream: 'u', model: undefined, priority: 1, weight: 1 };
const config = { models: [{ id: '**', targets: [target] }] } as unknown as Parameters<typeof resolveModel>[0];
const find = (model: string) => resolveModel(config, { models: ['**'], team: undefined }, model);

describe('resolveModel', () => {
  it.each(['gpt-5', 'models/gemini-2.5-flash', 'a..b', '...', 'é 👩'])('accepts %j', (model) => {
    expect(find(model).id).toBe('**');
  });

  it.each(['.', '..', 'models/../../v1/files', 'models/..', 'x\uD800'])(
    'refuses %j, which leads to another path',
    (model) => {
      expect(() => find(model)).toThrow(expect.objectContaining({ code: 'model_not_found', param: 'model' }));
    },
  );
});
