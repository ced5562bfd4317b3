import { expect, it } from 'vitest';
import { describeRow } from '../../src/checklist/describe-row.ts';

it('describes a row by its sentence and its lines in the README', () => {
  expect(describeRow('000-03')).toBe('000-03 Five GLM models are served. (README of zai-proxy, line 9)');
  expect(describeRow('000-02')).toBe(
    '000-02 Answers come streamed (`stream: true`) and whole. (README of zai-proxy, lines 8, 89, 124)',
  );
});

it('says that an unknown number has no row', () => {
  expect(describeRow('009-99')).toBe('009-99 is not in packages/testkit/checklist');
});
