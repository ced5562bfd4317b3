import { delimiter, join } from 'node:path';
import { runQuietly } from './run.mjs';

/**
 * Compiles the packages that turbo finds changed since the last build.
 *
 * @param {{ root: string, node: string }} place
 * @throws {import('./launch-error.mjs').CommandFailed} with the compiler's messages
 */
export async function build({ root, node }) {
  await runQuietly({
    file: node,
    args: [join(root, 'node_modules/turbo/bin/turbo'), 'run', 'build', '--output-logs=errors-only'],
    cwd: root,
    env: {
      ...process.env,
      PATH: `${join(root, 'node_modules/.bin')}${delimiter}${process.env['PATH'] ?? ''}`,
      TURBO_TELEMETRY_DISABLED: '1',
      TURBO_NO_UPDATE_NOTIFIER: '1',
    },
  });
}
