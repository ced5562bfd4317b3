import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { Board } from '../board.ts';
import { panelOf } from './panels.ts';
import { variablesOf } from './variables.ts';

/** By this tag the boards find each other. */
const tag = 'sluice';

/** The dashboard of a board, ready to be written down. */
export function dashboardOf(board: Board): Dashboard {
  const builder = new DashboardBuilder(board.title)
    .uid(board.uid)
    .description(board.description)
    .tags([tag])
    .refresh('30s')
    .time({ from: 'now-1h', to: 'now' })
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .annotations([])
    .variables(variablesOf(board))
    .link(
      new DashboardLinkBuilder('Sluice')
        .type(DashboardLinkType.Dashboards)
        .tags([tag])
        .includeVars(true)
        .keepTime(true)
        .asDropdown(false),
    );
  for (const { title, panels } of board.rows) {
    builder.withRow(new RowBuilder(title));
    for (const panel of panels) builder.withPanel(panelOf(panel));
  }
  return numbered(builder.build());
}

/** Links to a single panel name it by its number. */
function numbered(dashboard: Dashboard): Dashboard {
  return { ...dashboard, panels: dashboard.panels?.map((panel, at) => ({ ...panel, id: at + 1 })) ?? [] };
}
