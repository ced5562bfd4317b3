import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse, stringify } from 'yaml';
import { inRepository, readRepositoryFile } from '../../src/repository.ts';
import { findTool } from '../../src/observability/tools.ts';
import { isMissing } from '../../src/wanted-tool.ts';

const promtool = findTool('promtool');
const rulesPath = 'deploy/prometheus/rules.yaml';
const testsPath = 'deploy/prometheus/rules.test.yaml';

interface Rule {
  readonly alert?: string;
  readonly expr: string;
}
interface Rules {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

const rules = parse(readRepositoryFile(rulesPath)) as Rules;
const alerts = rules.groups.flatMap((group) => group.rules.flatMap(({ alert }) => alert ?? []));

const run = (args: readonly string[]): { readonly status: number | null; readonly text: string } => {
  const { status, stdout, stderr } = spawnSync(promtool ?? '', args, { encoding: 'utf8', timeout: 60_000 });
  return { status, text: stdout + stderr };
};

/** Runs the unit tests with the condition of one alert changed. */
function testWith(name: string, change: (expr: string) => string): ReturnType<typeof run> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-rules-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const groups = rules.groups.map((group) => ({
    ...group,
    rules: group.rules.map((rule) => (rule.alert === name ? { ...rule, expr: change(rule.expr) } : rule)),
  }));
  writeFileSync(join(folder, 'rules.yaml'), stringify({ groups }));
  copyFileSync(inRepository(testsPath), join(folder, 'rules.test.yaml'));
  // Runs only the cases of this alert: the name of a case begins with its alert.
  return run(['test', 'rules', `--run=^${name} `, join(folder, 'rules.test.yaml')]);
}

describe.skipIf(isMissing('promtool', promtool !== undefined))('the alert rules', () => {
  it('are valid for Prometheus', () => {
    const { status, text } = run(['check', 'rules', inRepository(rulesPath)]);
    expect(status, text).toBe(0);
  });

  it('pass their unit tests', () => {
    const { status, text } = run(['test', 'rules', inRepository(testsPath)]);
    expect(status, text).toBe(0);
  });

  it.each(alerts)('have tests that fail if %s never fires, or always fires', (name) => {
    expect(testWith(name, (expr) => `(${expr}) and vector(0) == 1`).status).not.toBe(0);
    expect(testWith(name, () => 'vector(1)').status).not.toBe(0);
  });
});
