import type { Builder, Dataquery as AnyQuery } from '@grafana/grafana-foundation-sdk/cog';
import { DataqueryBuilder as LokiBuilder } from '@grafana/grafana-foundation-sdk/loki';
import { DataqueryBuilder as PrometheusBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import {
  DataqueryBuilder as TempoBuilder,
  MetricsQueryType,
  SearchTableType,
} from '@grafana/grafana-foundation-sdk/tempo';
import type { LokiQuery, Panel, PrometheusQuery, Query, TempoQuery } from '../board.ts';
import { refTo } from './variables.ts';

/** Returns the target of a query; `at` is its index in the panel. Decoders check it only if it has its data source's type. */
export function targetOf(query: Query, at: number, panel: Panel): Builder<AnyQuery> {
  const refId = String.fromCharCode('A'.charCodeAt(0) + at);
  switch (query.source) {
    case 'prometheus':
      return prometheus(query, refId, panel);
    case 'tempo':
      return tempo(query, refId);
    case 'loki':
      return loki(query, refId);
  }
}

function prometheus(query: PrometheusQuery, refId: string, panel: Panel): Builder<AnyQuery> {
  const { expr, legend, isInstant = false, hasExemplars = false } = query;
  const target = new PrometheusBuilder().refId(refId).datasource(refTo('prometheus')).expr(expr).exemplar(hasExemplars);
  if (legend !== undefined) target.legendFormat(legend);
  if (panel.kind === 'table') target.format(PromQueryFormat.Table);
  return isInstant ? target.instant() : target.range();
}

const searchLimit = 20;

function tempo({ kind, query }: TempoQuery, refId: string): Builder<AnyQuery> {
  const target = new TempoBuilder().refId(refId).datasource(refTo('tempo')).filters([]);
  if (kind === 'graph') return target.queryType('serviceMap').serviceMapQuery(query);
  target.queryType('traceql').query(query);
  if (kind === 'metrics') return target.metricsQueryType(MetricsQueryType.Range).exemplars(10);
  return target.limit(searchLimit).tableType(kind === 'search' ? SearchTableType.Spans : SearchTableType.Traces);
}

function loki({ expr, legend }: LokiQuery, refId: string): Builder<AnyQuery> {
  const target = new LokiBuilder().refId(refId).datasource(refTo('loki')).expr(expr).queryType('range');
  return legend === undefined ? target.maxLines(200) : target.legendFormat(legend);
}
