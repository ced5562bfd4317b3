import { exampleFault } from '../example-secrets.ts';
import { isSecretSetting } from '../secret-names.ts';
import { fieldOf, type Finding } from './across.ts';

/** Secrets of documentation among an upstream's headers and options; credentials and `proxy` are checked where they are read. */
export function* findExampleSecrets(upstream: unknown): Iterable<Finding> {
  yield* findIn(fieldOf(upstream, 'headers'), ['headers'], true);
  yield* findIn(fieldOf(upstream, 'options'), ['options'], false);
}

/** @param isSecret whether the texts in it may be keys, whatever their names */
function* findIn(value: unknown, path: readonly string[], isSecret: boolean): Iterable<Finding> {
  if (typeof value === 'string') {
    const message = isSecret ? exampleFault(value) : undefined;
    if (message !== undefined) yield { path, message };
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [name, part] of Object.entries(value)) {
    yield* findIn(part, [...path, name], isSecret || name.endsWith('headers') || isSecretSetting(name));
  }
}
