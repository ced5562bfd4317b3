import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { generatedFiles } from '../src/generated-files.ts';

describe('generated files of the chart', () => {
  it.each(generatedFiles().map(({ url, text }) => [url.pathname.split('/').at(-1), url, text] as const))(
    '%s is as it follows from its sources (if not: npm run generate -w @sluice/chart)',
    (_, url, text) => {
      expect(readFileSync(url, 'utf8')).toBe(text);
    },
  );
});
