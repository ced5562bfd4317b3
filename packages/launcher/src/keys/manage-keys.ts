import { Agent, fetch } from 'undici';
import { z } from 'zod';
import { adminKeyFile, keptAdminKey } from '../admin-key.ts';
import { LaunchError } from '../bare/launch-error.mjs';
import { help, type KeyRequest, readKeyArguments } from './arguments.ts';

export interface ManageNeeds {
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  readonly say: (text: string) => void;
}

/** Connects directly: with `NODE_USE_ENV_PROXY` Node's `fetch` would use a proxy even for processes of this machine. */
const straight = new Agent();
const timeoutMs = 15_000;

const shownFields = { status: z.string().optional(), team: z.string().nullish(), owner: z.string().nullish() };

const answerSchema = z.looseObject({
  data: z.array(z.looseObject({ id: z.string(), name: z.string(), source: z.string() }).extend(shownFields)).optional(),
  next_after: z.string().nullish(),
  error: z.object({ message: z.string(), param: z.string().nullable() }).optional(),
});
type Answer = z.output<typeof answerSchema>;

/**
 * `npm run keys`: lists and changes client keys and teams by the API of an ingress.
 *
 * @returns exit code
 * @throws LaunchError without an admin key, or if no ingress answers
 */
export async function manageKeys({ root, env, say }: ManageNeeds, args: readonly string[]): Promise<number> {
  const { request, url = `http://127.0.0.1:${env['PORT'] ?? '8080'}`, json } = readKeyArguments(args);
  if (request === undefined) {
    say(help);
    return 0;
  }
  const key = env['SLUICE_ADMIN_KEY'] || keptAdminKey(root);
  if (key === undefined) {
    throw new LaunchError(
      `There is no admin key: set SLUICE_ADMIN_KEY. \`npm start\` keeps its own in ${adminKeyFile}.`,
    );
  }
  const answer = await ask({ url, key, request });
  if (answer.error !== undefined) throw new LaunchError(answer.error.message);
  say(json ? JSON.stringify(answer, undefined, 2) : textOf(answer));
  return 0;
}

interface Asked {
  readonly url: string;
  readonly key: string;
  readonly request: KeyRequest;
}

async function ask({ url, key, request: { method, path, body } }: Asked): Promise<Answer> {
  const target = `${url.replace(/\/(?:v1\/?)?$/, '')}${path}`;
  try {
    const response = await fetch(target, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      dispatcher: straight,
      signal: AbortSignal.timeout(timeoutMs),
    });
    return answerSchema.parse(await response.json());
  } catch (error) {
    throw new LaunchError(
      `No ingress answers at ${url}: ${error instanceof Error ? error.message : String(error)}. Name another one with --url.`,
    );
  }
}

/** Returns a line for each entry of a list, or for each field of one. */
function textOf(answer: Answer): string {
  if (answer.data === undefined) return fieldsOf(answer).join('\n');
  const lines = answer.data.map((entry) =>
    [entry.id, entry.name, entry.source, entry.status, entry.team, entry.owner]
      .filter((text) => text !== undefined && text !== null)
      .join('  '),
  );
  const next = answer.next_after;
  if (next !== undefined && next !== null) lines.push(`More: --after ${next}`);
  return lines.length === 0 ? 'There are none.' : lines.join('\n');
}

const fieldsOf = (answer: Answer): string[] =>
  Object.entries(answer)
    .filter(([name, value]) => name !== 'object' && value !== null)
    .map(([name, value]) => `${name.padEnd(18)}${typeof value === 'string' ? value : JSON.stringify(value)}`);
