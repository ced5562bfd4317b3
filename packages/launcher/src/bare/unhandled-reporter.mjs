import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** File below the root with the number of errors of the last test run that belong to no test, as text. */
export const unhandledFile = '.sluice/unhandled-errors';

/**
 * Reporter of vitest that counts the errors outside all tests, such as an unhandled rejection. Its JSON reporter
 * has none of them.
 */
export default class UnhandledReporter {
  #root = '';

  /** @param {{ config: { root: string } }} vitest */
  onInit({ config }) {
    this.#root = config.root;
  }

  /**
   * @param {readonly unknown[]} _files
   * @param {readonly unknown[]} errors
   */
  onTestRunEnd(_files, errors) {
    const file = join(this.#root, unhandledFile);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, String(errors.length));
  }
}
