import { describe, expect, it } from 'vitest';
import { serviceEnvironment } from '../../src/bare/service-command.mjs';

describe('serviceEnvironment', () => {
  it('keeps compiled code in the private folder, unless the person names another', () => {
    expect(serviceEnvironment({ root: '/repo', env: { A: '1' } })).toEqual({
      A: '1',
      NODE_COMPILE_CACHE: '/repo/.sluice/compile-cache',
    });
    const env = { NODE_COMPILE_CACHE: '/cache' };
    expect(serviceEnvironment({ root: '/repo', env })).toEqual(env);
  });

  it('keeps none while coverage is measured', () => {
    const env = { NODE_V8_COVERAGE: '/coverage' };
    expect(serviceEnvironment({ root: '/repo', env })).toEqual(env);
  });
});
