import { exampleFault } from '../example-secrets.ts';
import { isSecretSetting } from '../secret-names.ts';
import { fieldOf, type Finding } from './across.ts';

/**
 * Finds example secrets of the documentation in the headers and options of an upstream. The types of credentials and
 * `proxy` check theirs.
 */
export function* findExampleSecrets(upstream: unknown): Iterable<Finding> {
  yield* findIn(fieldOf(upstream, 'headers'), ['headers'], true);
  yield* findIn(fieldOf(upstream, 'options'), ['options'], false);
}

/** @param isSecret true if every text in the value may be a key, not only texts with the name of a secret */
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
