import { settingSections } from '../docs/setting-rows.ts';
import { isNamedLikeSecret, isSecretSetting } from '../secret-names.ts';
import { hidden, hideUserinfo } from './hide-userinfo.ts';
import { kindOf, type Path } from './leaves.ts';

export interface ShownValue {
  readonly text: string;
  /** True if the text hides a secret. */
  readonly isSecret: boolean;
}

/**
 * Returns a setting's value for display.
 *
 * @param variables the environment variables in its text; the value is hidden if one of them has the name of a secret
 */
export function showValue(path: Path, value: unknown, variables: readonly string[] = []): ShownValue {
  if (typeof value === 'string' && (isSecret(path) || variables.some(isNamedLikeSecret))) {
    return { text: hidden, isSecret: true };
  }
  const open = withoutUserinfo(value);
  return { text: textOf(open), isSecret: textOf(open) !== textOf(value) };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Hides the userinfo of a text, and of each text of a list. */
function withoutUserinfo(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUserinfo);
  return typeof value === 'string' ? hideUserinfo(value) : value;
}

/** Returns whether a setting is secret by its description or its name. Every value of a header may be a key. */
function isSecret(path: Path): boolean {
  const name = path.findLast((step) => typeof step === 'string') ?? '';
  const row = rowOf(path);
  // A word of an enumeration is never secret. The path of a secret file is shown, to help if the file can't be read.
  if (row?.type.startsWith('one of ') === true || /\bpath\b/.test(row?.type ?? '')) return false;
  const isInHeaders = path.slice(0, -1).some((step) => String(step).endsWith('headers'));
  return isInHeaders || isSecretSetting(name) || /\bSecret\b/.test(row?.meaning ?? '');
}

function rowOf(path: Path): { readonly type: string; readonly meaning: string } | undefined {
  rows ??= new Map(settingSections().flatMap((section) => section.rows.map((row) => [row.path, row])));
  return rows.get(kindOf(path));
}

let rows: ReadonlyMap<string, { readonly type: string; readonly meaning: string }> | undefined;
