/** One fault of the configuration. */
export interface ConfigProblem {
  /** Location: `keys[0].limits.rpm` in the file, a position such as `sluice.yaml:3:5`, or an environment variable. */
  readonly path: string;
  /** Description of the expected value. It never holds a value that may be secret. */
  readonly message: string;
}

/** Error of an invalid configuration. The message lists every problem, one per line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  /** @param sources origins of the configuration, for the first line */
  constructor(problems: readonly ConfigProblem[], sources: string) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    const lines = problems.map(({ path, message }) => `  ${path}: ${message}`);
    super([`${count} in the configuration (${sources}):`, ...lines].join('\n'));
    this.problems = problems;
  }
}

/** Returns a path as text: `keys[0].limits.rpm`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    const name = showable(String(step));
    return text === '' ? name : `${text}.${name}`;
  }, '');
}

/** Hides a name that has not the form of a setting: it may be a misplaced secret, such as a key without `key:`. */
const showable = (name: string): string => (/^[A-Za-z][A-Za-z_-]{0,39}$/.test(name) ? name : '…');
