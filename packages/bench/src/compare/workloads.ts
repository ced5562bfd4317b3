import type { Scenario } from '../scenarios.ts';
import { type Surface, surfaces } from '../surfaces.ts';

/** One row of the comparison: a kind of request at one number of clients. */
export interface Workload {
  readonly surface: Surface;
  readonly scenario: Scenario;
}

/** Tokens of one answer: a short one. */
const tokens = 32;

/** Returns the workloads of each surface, whole and streamed. The upstream answers at once. */
export const workloadsOf = (names: readonly string[], concurrency: readonly number[]): Workload[] =>
  surfaces
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .flatMap((surface) =>
      [false, true].flatMap((stream) =>
        concurrency.map((clients) => ({
          surface,
          scenario: {
            name: `${surface.name}, ${stream ? 'streamed' : 'whole'}`,
            about: clients === 1 ? '1 client' : `${clients} clients`,
            directives: stream ? `t${tokens}-each` : `t${tokens}`,
            tokens,
            stream,
            clients,
          },
        })),
      ),
    );
