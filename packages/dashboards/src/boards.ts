import type { Board } from './board.ts';
import { fleet } from './boards/fleet.ts';
import { overview } from './boards/overview.ts';
import { queueBoard } from './boards/queue.ts';
import { spendBoard } from './boards/spend.ts';
import { traces } from './boards/traces.ts';
import { upstreams } from './boards/upstreams.ts';

/** All boards, in the order of their use. */
export const boards: readonly Board[] = [overview, queueBoard, upstreams, spendBoard, traces, fleet];
