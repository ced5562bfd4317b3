import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { alerts, conditionOf } from '../src/rules/alerts.ts';
import { rulesFile } from '../src/rules/rules-file.ts';
import { problemsOf } from './promql.ts';
import { filesIn, readText } from './repository.ts';

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly record?: string; readonly expr: string }[] }[];
}
interface Tests {
  readonly tests: readonly {
    readonly alert_rule_test?: readonly { readonly alertname: string; readonly exp_alerts?: readonly unknown[] }[];
  }[];
}

const rules = (parse(rulesFile()) as Rules).groups.flatMap((group) => group.rules);
const recorded = new Set(rules.flatMap(({ record }) => (record === undefined ? [] : [record])));
const cases = (parse(readText('deploy/prometheus/rules.test.yaml')) as Tests).tests.flatMap(
  (test) => test.alert_rule_test ?? [],
);
const pages = new Set(filesIn('docs/runbooks'));

describe('the rules', () => {
  it.each(rules.map(({ expr }) => [expr]))('name existing metrics and labels: %s', (expr) => {
    expect(problemsOf(expr, recorded)).toEqual([]);
  });

  it('have unique names', () => {
    expect(new Set(alerts.map(({ name }) => name)).size).toBe(alerts.length);
  });
});

describe.each(alerts.map((alert) => [alert.name, alert] as const))('%s', (name, alert) => {
  it('has a unit test in which it fires and one in which it stays silent', () => {
    const of = cases.filter(({ alertname }) => alertname === name);
    expect(of.some(({ exp_alerts: expected = [] }) => expected.length > 0)).toBe(true);
    expect(of.some(({ exp_alerts: expected = [] }) => expected.length === 0)).toBe(true);
  });

  it('has a runbook that names it and says what to do', () => {
    expect(pages).toContain(`${alert.runbook}.md`);
    const page = readText(`docs/runbooks/${alert.runbook}.md`);
    expect(page).toContain(`\`${name}\``);
    for (const heading of ['## What it means', '## Look', '## Do']) expect(page).toContain(heading);
    expect(page).toContain(`\`${alert.bound}\``);
  });

  it('compares the value that it watches', () => {
    expect(conditionOf(alert).startsWith(`${alert.value} ${alert.bound}`)).toBe(true);
  });
});

describe('annotations', () => {
  it('lead to the pages in the repository that the chart names', () => {
    const home = /^home: (\S+)$/m.exec(readText('deploy/helm/sluice/Chart.yaml'))?.[1];
    const urls = Array.from(rulesFile().matchAll(/runbook_url: (\S+)$/gm), ([, url = '']) => url);
    expect(urls).toEqual(alerts.map(({ runbook }) => `${home}/blob/main/docs/runbooks/${runbook}.md`));
  });
});

describe('docs/runbooks', () => {
  it('names programs for a cluster that the worker has', () => {
    const programs = Array.from(
      readText('docs/runbooks/README.md').matchAll(/\/app\/services\/worker\/dist\/(\w+)\/main\.js/g),
      ([, program = '']) => program,
    );
    expect(new Set(programs)).toEqual(new Set(['cooldowns', 'doctor']));
    for (const program of programs) expect(filesIn(`services/worker/src/${program}`)).toContain('main.ts');
  });

  it('has no page without an alert', () => {
    const named = new Set(alerts.map(({ runbook }) => `${runbook}.md`));
    expect([...pages].filter((page) => page !== 'README.md' && !named.has(page))).toEqual([]);
  });

  it.each([...pages])('%s names existing metrics', (page) => {
    const text = readText(`docs/runbooks/${page}`);
    for (const [, expr = ''] of text.matchAll(/```promql\n([^`]+)```/g)) {
      for (const line of expr.split('\n').filter((line) => !line.startsWith('#')))
        expect(problemsOf(line, recorded)).toEqual([]);
    }
    const inline = Array.from(text.matchAll(/`((?:sluice|gen_ai)_\w+)`/g), ([, name = '']) => name);
    for (const name of inline) {
      const spelled = [name, `${name}_bucket`].map((each) => problemsOf(each));
      expect(
        spelled.some((problems) => problems.length === 0),
        name,
      ).toBe(true);
    }
  });
});
