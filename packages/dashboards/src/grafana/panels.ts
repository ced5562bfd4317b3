import {
  BigValueGraphMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardLinkBuilder,
  PanelBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as LogsBuilder } from '@grafana/grafana-foundation-sdk/logs';
import { PanelBuilder as GraphBuilder } from '@grafana/grafana-foundation-sdk/nodegraph';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as LinesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { Panel, Threshold } from '../board.ts';
import { targetOf } from './targets.ts';
import { refTo } from './variables.ts';

/** The methods that the builders of all kinds of panels have. */
type AnyBuilder =
  | LinesBuilder
  | StatBuilder
  | TableBuilder
  | TimelineBuilder
  | GraphBuilder
  | LogsBuilder
  | PanelBuilder;

const usualHeight = 8;

/** Returns Grafana's panel for a panel of a board. */
export function panelOf(panel: Panel): AnyBuilder {
  const { title, description, width, height = usualHeight, unit, queries, thresholds, emptyWhile } = panel;
  const builder = builderOf(panel);
  const [first] = queries;
  if (first !== undefined) builder.datasource(refTo(first.source));
  builder
    .title(title)
    .description(emptyWhile === undefined ? description : `${description} Empty while ${emptyWhile}.`)
    .span(width)
    .height(panel.kind === 'number' ? 5 : height)
    .targets(queries.map((query, at) => targetOf(query, at, panel)));
  if (unit !== undefined) builder.unit(unit);
  if (thresholds !== undefined) builder.thresholds(thresholdsOf(thresholds));
  return builder;
}

function thresholdsOf(thresholds: readonly Threshold[]): ThresholdsConfigBuilder {
  const steps = thresholds.map(({ from, color }, at) => ({ value: at === 0 ? null : from, color }));
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps);
}

function builderOf(panel: Panel): AnyBuilder {
  switch (panel.kind) {
    case 'lines':
      return lines();
    case 'stacked':
      return lines().fillOpacity(30).stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
    case 'number':
      return new StatBuilder()
        .graphMode(
          panel.queries.some((query) => query.source === 'prometheus' && query.isInstant)
            ? BigValueGraphMode.None
            : BigValueGraphMode.Area,
        )
        .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']));
    case 'table':
      return withoutTime(new TableBuilder());
    case 'timeline':
      return new TimelineBuilder();
    case 'traces':
      return withTraceLink(new TableBuilder());
    case 'graph':
      return new GraphBuilder();
    case 'trace':
      // The SDK has no builder for this kind.
      return new PanelBuilder().type('traces');
    case 'logs':
      return new LogsBuilder().showTime(true).wrapLogMessage(true).enableLogDetails(true);
  }
}

function lines(): LinesBuilder {
  return new LinesBuilder()
    .drawStyle(GraphDrawStyle.Line)
    .lineWidth(1)
    .fillOpacity(8)
    .showPoints(VisibilityMode.Never)
    .axisSoftMin(0)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi));
}

const withoutTime = (builder: TableBuilder): TableBuilder =>
  builder.withTransformation({
    id: 'organize',
    options: { excludeByName: { Time: true }, renameByName: { Value: 'Count' } },
  });

/** Variables that the link keeps, without the one that it sets. */
const kept = ['prometheus', 'tempo', 'loki', 'upstream', 'ttft_target', 'logs_selector']
  .map((name) => `\${${name}:queryparam}`)
  .join('&');

/** Link from the name of a span to the last row of the same board, which then shows its trace. */
const withTraceLink = (builder: TableBuilder): TableBuilder =>
  builder.overrideByRegexp('/^(traceName|name)$/', [
    {
      id: 'links',
      value: [
        new DashboardLinkBuilder('Show here')
          .url(`/d/sluice-traces?var-trace=\${__data.fields.traceIdHidden}&\${__url_time_range}&${kept}`)
          .build(),
      ],
    },
  ]);
