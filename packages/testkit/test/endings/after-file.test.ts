import { expect, it } from 'vitest';
import { afterFile } from '../../src/endings/after-file.ts';

it('refuses an ending where no set-up file would call it', () => {
  expect(() => afterFile(() => undefined)).toThrow('no set-up file that calls the endings');
});
