import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { boardPaths } from '../../src/observability/boards.ts';
import { findTool } from '../../src/observability/tools.ts';
import { isMissing } from '../../src/wanted-tool.ts';

const decoder = findTool('grafana-decoder');

function decode(files: readonly string[]): { readonly status: number | null; readonly text: string } {
  const { status, stdout, stderr } = spawnSync(decoder ?? '', files, { encoding: 'utf8', timeout: 60_000 });
  return { status, text: stdout + stderr };
}

/** The first board with a change in its text. */
function decodeChanged(from: string, to: string): ReturnType<typeof decode> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-board-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = boardPaths().find((each) => readFileSync(each, 'utf8').includes(from));
  expect(path, `a board with ${from}`).toBeDefined();
  const file = join(folder, 'board.json');
  writeFileSync(file, readFileSync(path ?? '', 'utf8').replace(from, to));
  return decode([file]);
}

describe.skipIf(isMissing("Grafana's decoder", decoder !== undefined))('every dashboard', () => {
  it("conforms to Grafana's own types, strictly", () => {
    expect(boardPaths()).toHaveLength(6);
    const { status, text } = decode(boardPaths());
    expect(status, text).toBe(0);
  });

  it.each([
    ['an unknown field of a panel', '"gridPos":', '"gridPosition":'],
    ['a misspelled field of a Prometheus query', '"expr":', '"exprr":'],
    ['a misspelled field of a Tempo query', '"metricsQueryType":', '"metricsQueryKind":'],
    ['a misspelled field of a Loki query', '"maxLines":', '"maxLine":'],
  ])('fails the check with %s', (_, from, to) => {
    expect(decodeChanged(from, to).status).toBe(1);
  });
});
