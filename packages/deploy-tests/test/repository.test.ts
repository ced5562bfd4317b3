import { expect, test } from 'vitest';
import { readRepositoryFile } from '../src/index.ts';

test('finds the repository from here', () => {
  expect(JSON.parse(readRepositoryFile('package.json'))).toMatchObject({ name: 'sluice' });
});
