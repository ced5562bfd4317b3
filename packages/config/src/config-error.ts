/** One thing that is wrong with the configuration. */
export interface ConfigProblem {
  /** Where: `keys[0].limits.rpm` in the file, a place such as `sluice.yaml:3:5`, or an environment variable. */
  readonly path: string;
  /** Description of the value expected there. Never holds a value that may be secret. */
  readonly message: string;
}

/** The configuration can't be used. The message lists every problem, one a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  /** @param sources where the configuration came from, for the first line */
  constructor(problems: readonly ConfigProblem[], sources: string) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    const lines = problems.map(({ path, message }) => `  ${path}: ${message}`);
    super([`${count} in the configuration (${sources}):`, ...lines].join('\n'));
    this.problems = problems;
  }
}

/** Writes a path as people do: `keys[0].limits.rpm`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    const name = showable(String(step));
    return text === '' ? name : `${text}.${name}`;
  }, '');
}

/** A name that is none of ours may be a secret in the wrong place, such as a key where `key:` was forgotten. */
const showable = (name: string): string => (/^[A-Za-z][A-Za-z_-]{0,39}$/.test(name) ? name : '…');
