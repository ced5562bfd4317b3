import { settingSections } from '../docs/setting-rows.ts';
import { kindOf, type Path } from './leaves.ts';

/** Stands for a value that nobody may see. */
export const hidden = '[secret]';

export interface ShownValue {
  readonly text: string;
  /** The text stands for something that is not shown. */
  readonly isSecret: boolean;
}

const secretName = /(?:^|_)(?:key|key_hash|pass|passphrase|password|secret|token|credential)$/i;
const secretVariable = /KEY|TOKEN|SECRET|PASS|CREDENTIAL/i;

/**
 * A setting's value for people.
 *
 * @param variables the environment variables in its text: what comes from one that is named like a secret is not shown
 */
export function showValue(path: Path, value: unknown, variables: readonly string[] = []): ShownValue {
  if (typeof value === 'string' && (isSecret(path) || variables.some((name) => secretVariable.test(name)))) {
    return { text: hidden, isSecret: true };
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const open = text.replaceAll(/(:\/\/)[^\s/?#"'@]*@/g, `$1${hidden}@`);
  return { text: open, isSecret: open !== text };
}

/** Its description says so, or its name does; values of headers may always be keys. */
function isSecret(path: Path): boolean {
  const name = path.findLast((step) => typeof step === 'string') ?? '';
  const row = rowOf(path);
  if (row?.type.startsWith('one of ') === true) return false;
  const isInHeaders = path.slice(0, -1).some((step) => String(step).endsWith('headers'));
  return isInHeaders || secretName.test(name) || /\bSecret\b/.test(row?.meaning ?? '');
}

function rowOf(path: Path): { readonly type: string; readonly meaning: string } | undefined {
  rows ??= new Map(settingSections().flatMap((section) => section.rows.map((row) => [row.path, row])));
  return rows.get(kindOf(path));
}

let rows: ReadonlyMap<string, { readonly type: string; readonly meaning: string }> | undefined;
