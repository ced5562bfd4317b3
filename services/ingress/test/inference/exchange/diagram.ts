import { readFileSync, writeFileSync } from 'node:fs';
import { type Phase, phases } from '../../../src/inference/exchange/exchange-events.ts';
import { step } from '../../../src/inference/exchange/exchange-state.ts';
import { events, stateIn } from './events.ts';

/** Returns a diagram of the phases, and of the events that lead from one to another. */
function diagram(): string {
  const ways = new Map<string, Set<string>>();
  for (const phase of phases) {
    for (const hasLostRun of [false, true]) {
      for (const event of events) {
        const { state } = step(stateIn(phase, { hasLostRun }), event);
        if (state.phase === phase) continue;
        const way = `${nameOf(phase)} --> ${nameOf(state.phase)}`;
        ways.set(way, (ways.get(way) ?? new Set()).add(event.kind));
      }
    }
  }
  const lines = [...ways].map(([way, kinds]) => `  ${way}: ${[...kinds].join(', ')}`);
  return ['```mermaid', 'stateDiagram-v2', '  [*] --> new', ...lines, '  over --> [*]', '```'].join('\n');
}

const nameOf = (phase: Phase): string => phase.replaceAll('-', '_');

const url = new URL('../../../../../docs/architecture.md', import.meta.url);
const block = /```mermaid\nstateDiagram-v2\n[^`]*```/;

/** Returns the page as it is, and with the diagram of the present table. */
export function architecturePage(): { readonly present: string; readonly generated: string } {
  const present = readFileSync(url, 'utf8');
  if (!block.test(present)) throw new Error('docs/architecture.md has no state diagram to replace.');
  return { present, generated: present.replace(block, diagram()) };
}

export const writeArchitecturePage = (): void => writeFileSync(url, architecturePage().generated);
