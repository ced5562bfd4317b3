import type { Directive } from '../faults/directives.ts';
import type { CheckedRule } from './rule.ts';

/** Parts of a call that a rule checks. */
interface ScriptedCall {
  readonly model: string;
  readonly credential: string;
  readonly body: string;
}

/** The active rules, with the remaining uses of each. */
export interface Script {
  /** Appends rules; returns the total number. */
  add(rules: readonly CheckedRule[]): number;
  /** Uses the first matching rule with uses left; returns no directives if there is none. */
  use(call: ScriptedCall): readonly Directive[];
  clear(): void;
}

/** @see Script */
export function createScript(): Script {
  let lines: { rule: CheckedRule; toSkip: number; usesLeft: number }[] = [];
  return {
    add(rules) {
      lines.push(...rules.map((rule) => ({ rule, toSkip: rule.skip ?? 0, usesLeft: rule.times ?? Infinity })));
      return lines.length;
    },
    use(call) {
      for (const line of lines) {
        if (line.usesLeft === 0 || !matches(line.rule.match, call)) continue;
        if (line.toSkip > 0) {
          line.toSkip -= 1;
          continue;
        }
        line.usesLeft -= 1;
        return line.rule.parsed;
      }
      return [];
    },
    clear() {
      lines = [];
    },
  };
}

function matches({ model, credential, contains }: CheckedRule['match'], call: ScriptedCall): boolean {
  return (
    (model === undefined || fits(model, call.model)) &&
    (credential === undefined || credential === call.credential) &&
    (contains === undefined || call.body.includes(contains))
  );
}

function fits(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
