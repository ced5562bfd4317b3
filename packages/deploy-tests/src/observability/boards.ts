import { readdirSync } from 'node:fs';
import { z } from 'zod';
import { inRepository, readRepositoryFile } from '../repository.ts';

const targetShape = z.object({
  refId: z.string(),
  datasource: z.object({ type: z.enum(['prometheus', 'tempo', 'loki']) }),
  expr: z.string().optional(),
  query: z.string().optional(),
  queryType: z.string().optional(),
  legendFormat: z.string().optional(),
  instant: z.boolean().optional(),
  exemplar: z.boolean().optional(),
});
const stepShape = z.object({ value: z.number().nullable(), color: z.string() });
const panelShape = z.object({
  type: z.string(),
  title: z.string(),
  description: z.string().optional(),
  gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
  targets: z.array(targetShape).optional(),
  fieldConfig: z
    .object({
      defaults: z.object({
        unit: z.string().optional(),
        thresholds: z.object({ steps: z.array(stepShape) }).optional(),
        custom: z.object({ stacking: z.object({ mode: z.string().optional() }).optional() }).optional(),
      }),
    })
    .optional(),
});
const boardShape = z.object({ uid: z.string(), title: z.string(), panels: z.array(panelShape) });

/** The parts of a dashboard that checks and images read. */
export type BoardFile = z.infer<typeof boardShape>;
export type PanelFile = z.infer<typeof panelShape>;
export type TargetFile = z.infer<typeof targetShape>;

const folder = 'deploy/grafana/dashboards';

/** Paths of the committed dashboards. */
export const boardPaths = (): string[] =>
  readdirSync(inRepository(folder)).map((name) => inRepository(`${folder}/${name}`));

/** The committed dashboards. */
export const readBoards = (): BoardFile[] =>
  readdirSync(inRepository(folder)).map((name) =>
    boardShape.parse(JSON.parse(readRepositoryFile(`${folder}/${name}`))),
  );

/** Fills the variables of a query, as Grafana does when everything is selected. */
export function fillIn(
  expr: string,
  { rangeSeconds, rateSeconds }: { readonly rangeSeconds: number; readonly rateSeconds: number },
): string {
  const values: Readonly<Record<string, string>> = {
    __range: `${rangeSeconds}s`,
    __rate_interval: `${rateSeconds}s`,
    ttft_target: '2.5',
    gap_target: '1',
  };
  return expr.replaceAll(/\$(\w+)/g, (_, name: string) => values[name] ?? '.*');
}
