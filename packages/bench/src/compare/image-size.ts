import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const timeout = 5000;

/**
 * Returns the unpacked size of the newest image of a name, in megabytes. Undefined without such an image, and where no engine
 * answers.
 */
export async function imageMegabytes(name: string): Promise<number | undefined> {
  try {
    const { stdout: ids } = await run('docker', ['image', 'ls', '--quiet', name], { timeout });
    const [newest = ''] = ids.split('\n');
    if (newest === '') return undefined;
    const { stdout } = await run('docker', ['image', 'inspect', '--format', '{{.Size}}', newest], { timeout });
    return Number(stdout) / 1_000_000;
  } catch {
    return undefined;
  }
}
