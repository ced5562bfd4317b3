import type { FailureKind } from '@sluice/protocol';
import type { ErrorSigns } from './error-signs.ts';

/** One row of a table that sorts failures. It fits if all conditions that it names hold. */
export interface FailureRule {
  /** Statuses. A failure without one, inside an answer of status 200, fits where 400 does and its code or text fits. */
  readonly status?: readonly number[];
  /** Holds for one code, type, status word or reason of the error. */
  readonly code?: RegExp;
  /** Holds for what the error says to people. */
  readonly text?: RegExp;
  readonly form?: ErrorSigns['form'];
  readonly kind: FailureKind;
  /** Code of the failure, in place of the provider's own. */
  readonly says?: string;
  /** Message of the failure, in place of the provider's own. */
  readonly message?: string;
  /** Rest of a credential that the provider has banned: ms. */
  readonly cooldownMs?: number;
  /** `account`: of rate limits, that they are the whole account's. `model`: of balances, that they are too small for this request. */
  readonly scope?: 'account' | 'model';
}

/**
 * Kinds that make a credential rest for every client. Providers repeat in their errors what a client has sent: words
 * that stand in quotes, and errors that blame a field of the request, must never do that, or one client could take a
 * credential from all others by asking for a model called "insufficient balance".
 * Nor must they make a wrong request be tried again, because the provider seems to be busy.
 */
const needsOwnWords: ReadonlySet<FailureKind> = new Set([
  'rate_limit',
  'quota',
  'authentication',
  'permission',
  'busy',
]);

export interface Evidence {
  /** Undefined if the error came without a status. */
  readonly status: number | undefined;
  readonly signs: ErrorSigns;
}

/** The first rule that fits. */
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

/** The error's text without quoted words and URLs; '' where it blames a field of the request. */
export function unquotedText({ status, signs }: Evidence): string {
  const blamesField = signs.param !== undefined && (status === 400 || status === 422);
  return blamesField ? '' : signs.text.replaceAll(address, '').replaceAll(quoted, '""');
}

const address = /\bhttps?:\/\/[^\s"'<>]{1,500}/gi;
const quoted = /"[^"\n]*"|`[^`\n]*`|“[^”\n]*”|「[^」\n]*」|(?<!\w)'[^'\n]*'(?!\w)/g;
