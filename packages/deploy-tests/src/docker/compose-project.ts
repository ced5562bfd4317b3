import { freePort, until } from '@sluice/testkit';
import { z } from 'zod';
import { docker } from './docker.ts';

const listed = z.object({
  ID: z.string(),
  Name: z.string(),
  Service: z.string(),
  State: z.string(),
  Health: z.string(),
});
export type Container = z.infer<typeof listed>;

/** A `docker compose` project of the repository's own file. */
export interface ComposeProject {
  readonly baseUrl: string;
  /** Runs a command of `docker compose`. */
  readonly compose: (...args: readonly string[]) => Promise<string>;
  readonly up: (...args: readonly string[]) => Promise<void>;
  readonly containers: (service: string) => Promise<readonly Container[]>;
  /** The generated API key. */
  readonly apiKey: () => Promise<string>;
  /** Sends a request to the simulator, which has no port on the host. */
  readonly simulator: <T>(path: string, schema: z.ZodType<T>) => Promise<T>;
  readonly down: () => Promise<void>;
}

/**
 * @param env variables of `.env`
 * @param files more compose files
 */
export async function composeProject(
  name: string,
  env: Readonly<Record<string, string>> = {},
  files: readonly string[] = [],
): Promise<ComposeProject> {
  const port = String(process.env['DEPLOY_TESTS_PORT'] || (await freePort()));
  const flags = ['docker-compose.yml', ...files].flatMap((file) => ['--file', file]);
  const variables = { PORT: port, ...env };
  const compose = (...args: readonly string[]): Promise<string> =>
    docker(['compose', '--project-name', name, ...flags, ...args], variables);
  const containers = async (service: string): Promise<readonly Container[]> => {
    const lines = await compose('ps', '--all', '--format', 'json', service);
    return lines
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => listed.parse(JSON.parse(line)));
  };
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    compose,
    containers,
    async up(...args) {
      await compose('up', '--detach', '--wait', '--no-build', '--pull', 'never', ...args);
    },
    async apiKey() {
      return await until(async () => /API key: (sk-\S+)/.exec(await compose('logs', 'setup'))?.[1], {
        what: 'the key in the log of setup',
        timeoutMs: 30_000,
      });
    },
    async simulator(path, schema) {
      const script = `fetch('http://127.0.0.1:9900${path}').then((r) => r.text()).then(console.log)`;
      return schema.parse(JSON.parse(await compose('exec', '-T', 'simulator', 'node', '-e', script)));
    },
    async down() {
      // Without the profiles their containers would stay.
      await compose('--profile', '*', 'down', '--volumes', '--timeout', '5');
    },
  };
}
