import { type Directive, parseDirectives } from '../faults/directives.ts';

/** One line of a script: which calls it is for, how often, and how they behave. */
export interface ScriptRule {
  /** All that is named must fit; nothing named, or no match at all, fits every call. */
  readonly match?: {
    /** The whole name, or its beginning followed by `*`. */
    readonly model?: string;
    readonly credential?: string;
    /** A text that the request body holds. */
    readonly contains?: string;
  };
  /** Calls the rule is used for; without it, all. */
  readonly times?: number;
  /** Matching calls that the rule lets pass first. */
  readonly skip?: number;
  /** Directives as in a model name: `e503-r2`. */
  readonly directives: string;
}

/** A rule that has been checked. */
export interface CheckedRule extends ScriptRule {
  readonly match: NonNullable<ScriptRule['match']>;
  readonly parsed: readonly Directive[];
}

/** The result of {@link checkRules}: the rules, or what is wrong and where. */
export type CheckedRules = { readonly rules: readonly CheckedRule[] } | { readonly problem: string };

const ruleKeys = ['match', 'times', 'skip', 'directives'];
const matchKeys = ['model', 'credential', 'contains'] as const;

/** Checks rules that came from outside. A rule that can't be read must not be silently without effect. */
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
  const stranger = Object.keys(value).find((key) => !ruleKeys.includes(key));
  if (stranger !== undefined) return `${at}.${stranger} is not known; known are ${ruleKeys.join(', ')}.`;
  const matchProblem = findMatchProblem(match, `${at}.match`);
  if (matchProblem !== undefined) return matchProblem;
  if (times !== undefined && !isCount(times, 1)) return `${at}.times must be a whole number from 1.`;
  if (skip !== undefined && !isCount(skip, 0)) return `${at}.skip must be a whole number from 0.`;
  if (typeof directives !== 'string') return `${at}.directives must be a text such as "e503-r2".`;
  const parsed = parseDirectives(directives);
  if ('unknown' in parsed) return `${at}.directives holds "${parsed.unknown}", which is no directive.`;
  return {
    match: match as CheckedRule['match'],
    directives,
    parsed: parsed.directives,
    ...(times === undefined ? {} : { times }),
    ...(skip === undefined ? {} : { skip }),
  };
}

function findMatchProblem(match: unknown, at: string): string | undefined {
  if (!isRecord(match)) return `${at} must be an object; {} fits every call.`;
  for (const [key, wanted] of Object.entries(match)) {
    if (!matchKeys.some((known) => known === key))
      return `${at}.${key} is not known; known are ${matchKeys.join(', ')}.`;
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
