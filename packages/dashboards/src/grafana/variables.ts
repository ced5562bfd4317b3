import {
  AdHocVariableBuilder,
  CustomVariableBuilder,
  type Dashboard,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { Board, Source, VariableName } from '../board.ts';

type VariableModel = NonNullable<NonNullable<Dashboard['templating']>['list']>[number];
interface VariableBuilder {
  build(): VariableModel;
}

const sourceLabels: Readonly<Record<Source, string>> = { prometheus: 'Metrics', tempo: 'Traces', loki: 'Logs' };

/** Returns a reference to a data source. Its uid is the variable of the same name. */
export const refTo = (source: Source): { type: Source; uid: string } => ({ type: source, uid: `\${${source}}` });

/** Labels by which a board can be filtered, and the metric that has all their values. */
const labelSources = {
  model: ['Model', 'sluice_requests_total'],
  upstream: ['Upstream', 'sluice_upstream_attempts_total'],
  key: ['Key', 'sluice_key_requests_total'],
  instance: ['Replica', 'sluice_redis_up'],
} as const;

function ofLabel(name: keyof typeof labelSources): VariableBuilder {
  const [label, metric] = labelSources[name];
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(refTo('prometheus'))
    .query({ query: `label_values(${metric}, ${name})`, refId: 'variable' })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ selected: true, text: ['All'], value: ['$__all'] });
}

/** Targets. Each is the bound of a bucket, so that the share within it is exact. */
export const ttftTargets = ['0.5', '1', '2.5', '5', '10'];
export const gapTargets = ['0.1', '0.25', '0.5', '1', '2.5', '5'];

function target(name: string, label: string, choices: readonly string[], usual: string): VariableBuilder {
  const options = choices.map((value) => ({ selected: value === usual, text: `${value} s`, value }));
  return new CustomVariableBuilder(name)
    .label(label)
    .values(choices.map((value) => `${value} s : ${value}`).join(', '))
    .options(options)
    .current({ selected: true, text: `${usual} s`, value: usual })
    .allowCustomValue(false);
}

/** Selects the log lines of Sluice alone, as the collector of docker-compose.yml labels them; other log shippers may label them in other ways. */
const usualLogsSelector = 'service_name=~"sluice-.*"';

const make: Readonly<Record<VariableName, () => VariableBuilder>> = {
  model: () => ofLabel('model'),
  upstream: () => ofLabel('upstream'),
  key: () => ofLabel('key'),
  instance: () => ofLabel('instance'),
  ttft_target: () => target('ttft_target', 'First token', ttftTargets, '2.5'),
  gap_target: () => target('gap_target', 'Gap', gapTargets, '1'),
  logs_selector: () =>
    new TextBoxVariableBuilder('logs_selector').label('Logs selector').defaultValue(usualLogsSelector),
  trace: () => new TextBoxVariableBuilder('trace').label('Trace').defaultValue(''),
};

/** Returns the data sources of a board. Prometheus is always among them, because the variables use it. */
function sourcesOf(board: Board): Source[] {
  const asked = new Set(
    board.rows.flatMap(({ panels }) => panels.flatMap(({ queries }) => queries)).map(({ source }) => source),
  );
  return (['prometheus', 'tempo', 'loki'] as const).filter((source) => source === 'prometheus' || asked.has(source));
}

/** Returns the variables of a board: data sources, its own, and a filter of the Prometheus queries by any label, for several fleets. */
export function variablesOf(board: Board): VariableBuilder[] {
  const sources = sourcesOf(board).map((source) =>
    new DatasourceVariableBuilder(source).label(sourceLabels[source]).type(source),
  );
  const filters = new AdHocVariableBuilder('filters').label('Filters').datasource(refTo('prometheus'));
  return [...sources, ...board.variables.map((name) => make[name]()), filters];
}
