import type { FailureKind } from '@sluice/protocol';
import type { ErrorSigns } from './error-signs.ts';

/** One row of a table that classifies failures. It matches if all its conditions hold. */
export interface FailureRule {
  /**
   * Statuses. A failure without a status, inside an answer with status 200, matches rows for 400 if the code or text
   * matches.
   */
  readonly status?: readonly number[];
  /** Matches one code, type, status word or reason of the error. */
  readonly code?: RegExp;
  /** Matches the readable text of the error. */
  readonly text?: RegExp;
  readonly form?: ErrorSigns['form'];
  readonly kind: FailureKind;
  /** Code of the failure; replaces the provider's own. */
  readonly says?: string;
  /** Message of the failure; replaces the provider's own. */
  readonly message?: string;
  /** Cooldown of a credential that the provider has banned, in ms. */
  readonly cooldownMs?: number;
  /** Scope: `account` for rate limits of the whole account, `model` for balances too small for this request. */
  readonly scope?: 'account' | 'model';
}

/**
 * Kinds that put a credential in cooldown for every client. Providers repeat client input in their errors, so quoted
 * words and errors that name a field of the request must never have this effect: one client could otherwise take a
 * credential from all others by asking for a model called "insufficient balance". Nor must such texts cause retries of
 * an invalid request because the provider seems busy.
 */
const needsOwnWords: ReadonlySet<FailureKind> = new Set([
  'rate_limit',
  'quota',
  'authentication',
  'permission',
  'busy',
]);

export interface Evidence {
  /** Undefined if the error has no status. */
  readonly status: number | undefined;
  readonly signs: ErrorSigns;
}

/** Returns the first matching rule. */
export function ruleFor(evidence: Evidence, ...tables: readonly (readonly FailureRule[])[]): FailureRule | undefined {
  const unquoted = unquotedText(evidence);
  for (const table of tables) {
    const rule = table.find((each) => fits(each, evidence, unquoted));
    if (rule !== undefined) return rule;
  }
  return undefined;
}

function fits(rule: FailureRule, { status, signs }: Evidence, unquoted: string): boolean {
  if (rule.status !== undefined && !fitsStatus(rule, rule.status, status)) return false;
  if (rule.form !== undefined && rule.form !== signs.form) return false;
  const { code, text } = rule;
  if (code !== undefined && !signs.codes.some((each) => code.test(each))) return false;
  return text === undefined || text.test(needsOwnWords.has(rule.kind) ? unquoted : signs.text);
}

function fitsStatus({ code, text }: FailureRule, statuses: readonly number[], status: number | undefined): boolean {
  if (status !== undefined) return statuses.includes(status);
  return statuses.includes(400) && (code !== undefined || text !== undefined);
}

/** Returns the error's text without quoted words and URLs; '' if the error names a field of the request. */
export function unquotedText({ status, signs }: Evidence): string {
  const blamesField = signs.param !== undefined && (status === 400 || status === 422);
  return blamesField ? '' : signs.text.replaceAll(address, '').replaceAll(quoted, '""');
}

const address = /\bhttps?:\/\/[^\s"'<>]{1,500}/gi;
const quoted = /"[^"\n]*"|`[^`\n]*`|“[^”\n]*”|「[^」\n]*」|(?<!\w)'[^'\n]*'(?!\w)/g;
