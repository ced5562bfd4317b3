import { describe, expect, it } from 'vitest';
import { readVersion } from '../src/read-version.ts';

const at = (path: string): URL => new URL(path, import.meta.url);

describe('the version of a service', () => {
  it('is that of its package', () => {
    expect(readVersion(at('../package.json'))).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('must be there', () => {
    expect(() => readVersion(at('../tsconfig.json'))).toThrow('tsconfig.json has no version');
  });
});
