import { type Directive, parseDirectives } from '../faults/directives.ts';

/** One rule of a script: the calls to which it applies, how often, and their behaviour. */
export interface ScriptRule {
  /** All given conditions must match; a rule without conditions matches every call. */
  readonly match?: {
    /** The whole name, or its start followed by `*`. */
    readonly model?: string;
    readonly credential?: string;
    /** A text that the request body must contain. */
    readonly contains?: string;
  };
  /** Number of calls to which the rule applies; default: all. */
  readonly times?: number;
  /** Number of matching calls that the rule skips first. */
  readonly skip?: number;
  /** Directives as in a model name: `e503-r2`. */
  readonly directives: string;
}

/** A validated rule. */
export interface CheckedRule extends ScriptRule {
  readonly match: NonNullable<ScriptRule['match']>;
  readonly parsed: readonly Directive[];
}

/** Result of {@link checkRules}: the rules, or a description of the first problem. */
export type CheckedRules = { readonly rules: readonly CheckedRule[] } | { readonly problem: string };

const ruleKeys = ['match', 'times', 'skip', 'directives'];
const matchKeys = ['model', 'credential', 'contains'] as const;

/** Validates external rules. An unreadable rule must not silently have no effect. */
export function checkRules(value: unknown): CheckedRules {
  if (!Array.isArray(value)) return { problem: 'rules must be a list of rules.' };
  const rules: CheckedRule[] = [];
  for (const [index, entry] of value.entries()) {
    const checked = checkRule(entry, `rules[${index}]`);
    if (typeof checked === 'string') return { problem: checked };
    rules.push(checked);
  }
  return { rules };
}

function checkRule(value: unknown, at: string): CheckedRule | string {
  if (!isRecord(value)) return `${at} must be an object.`;
  const { match = {}, times, skip, directives } = value;
  const unknown = Object.keys(value).find((key) => !ruleKeys.includes(key));
  if (unknown !== undefined) return `${at}.${unknown} is unknown; known fields are ${ruleKeys.join(', ')}.`;
  const matchProblem = findMatchProblem(match, `${at}.match`);
  if (matchProblem !== undefined) return matchProblem;
  if (times !== undefined && !isCount(times, 1)) return `${at}.times must be a whole number from 1.`;
  if (skip !== undefined && !isCount(skip, 0)) return `${at}.skip must be a whole number from 0.`;
  if (typeof directives !== 'string') return `${at}.directives must be a text such as "e503-r2".`;
  const parsed = parseDirectives(directives);
  if ('unknown' in parsed) return `${at}.directives contains "${parsed.unknown}", which is not a directive.`;
  return {
    match: match as CheckedRule['match'],
    directives,
    parsed: parsed.directives,
    ...(times === undefined ? {} : { times }),
    ...(skip === undefined ? {} : { skip }),
  };
}

function findMatchProblem(match: unknown, at: string): string | undefined {
  if (!isRecord(match)) return `${at} must be an object; {} matches every call.`;
  for (const [key, wanted] of Object.entries(match)) {
    if (!matchKeys.some((known) => known === key))
      return `${at}.${key} is unknown; known fields are ${matchKeys.join(', ')}.`;
    if (typeof wanted !== 'string') return `${at}.${key} must be a text.`;
  }
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown, min: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min;
}
