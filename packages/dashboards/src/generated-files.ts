import { boards } from './boards.ts';
import { dashboardOf } from './grafana/dashboard.ts';
import { rulesFile } from './rules/rules-file.ts';

/** A file of the repository that this package generates. */
export interface GeneratedFile {
  /** Path from the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** Folders of the dashboards. The chart has a copy, because it can only read files below its own folder. */
const homes = { dashboards: ['deploy/grafana/dashboards', 'deploy/helm/sluice/files/dashboards'] } as const;
const rulesPaths = ['deploy/prometheus/rules.yaml', 'deploy/helm/sluice/files/rules.yaml'];

/** Returns every generated file. */
export function generatedFiles(): GeneratedFile[] {
  const dashboards = boards.flatMap((board) => {
    const text = `${JSON.stringify(dashboardOf(board), undefined, 2)}\n`;
    return homes.dashboards.map((home) => ({ path: `${home}/${board.uid}.json`, text }));
  });
  const rules = rulesFile();
  return [...dashboards, ...rulesPaths.map((path) => ({ path, text: rules }))];
}
