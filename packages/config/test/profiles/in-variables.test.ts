import { describe, expect, it } from 'vitest';
import { inVariables } from '../../src/profiles/in-variables.ts';

const names = {
  settings: {
    keys: 'CLIENTS',
    'keys[0].limits': 'CLIENT_LIMITS',
    'retry.base_delay_ms': 'MIN_DELAY',
    'retry.max_delay_ms': 'MAX_DELAY',
  },
};
const told = (path: string, message = 'is wrong'): string => {
  const problem = inVariables({ path, message }, names);
  return `${problem.path}: ${problem.message}`;
};

describe('a problem under a profile', () => {
  it('has the variable of its setting as its place, or that of the setting around it', () => {
    expect(told('retry.base_delay_ms')).toBe('MIN_DELAY: is wrong');
    expect(told('keys[1].name')).toBe('CLIENTS: is wrong');
  });

  it('has the variable of the nearest setting around it', () => {
    expect(told('keys[0].limits.rpm')).toBe('CLIENT_LIMITS: is wrong');
    expect(told('keys[0].name')).toBe('CLIENTS: is wrong');
  });

  it('keeps the path of a setting without a variable', () => {
    expect(told('keys_of_others')).toBe('keys_of_others: is wrong');
    expect(told('server.port')).toBe('server.port: is wrong');
  });

  it('names other settings in its message by their variables', () => {
    expect(told('retry.base_delay_ms', 'must not be above max_delay_ms, which is 5')).toBe(
      'MIN_DELAY: must not be above MAX_DELAY, which is 5',
    );
    expect(told('retry.base_delay_ms', 'must not be above total_ms')).toBe('MIN_DELAY: must not be above total_ms');
  });
});
