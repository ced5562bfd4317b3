import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A coding agent of others, as its users install and start it. */
export interface Agent {
  readonly name: string;
  /** Start of the names of its models: some agents choose their tools by it. */
  readonly modelFamily: 'gpt-5.5' | 'demo';
  /** Packages of npm with their exact versions. */
  readonly packages: readonly string[];
  /** Writes the settings that the agent reads from its home and its work folder. */
  readonly prepare?: (place: Place) => void;
  /** Returns the command for one task without a person. */
  readonly command: (task: string, place: Place) => readonly [file: string, ...args: string[]];
  /** Environment with the address and the key of the gateway. */
  readonly env: (place: Place) => Readonly<Record<string, string>>;
  /** Returns the calls that write a file and run a command. */
  readonly calls: (work: Work) => readonly Call[];
}

export interface Call {
  readonly name: string;
  readonly arguments: object;
}

/** The work of a task: a new file, and a command. */
export interface Work {
  /** Whole path. */
  readonly file: string;
  readonly content: string;
  readonly shell: string;
}

export interface Place {
  /** Base URL of the gateway, without a path. */
  readonly url: string;
  readonly key: string;
  readonly model: string;
  readonly home: string;
  readonly folder: string;
  /** Folder with the agents' programs. */
  readonly bin: string;
}

const run = promisify(execFile);

/** Installs agents outside the repository, once for a version. */
export const installed = join(process.env['SLUICE_AGENTS_FOLDER'] ?? join(homedir(), '.cache/sluice-agents'), 'npm');

export const isInstalled = ({ packages }: Agent): boolean =>
  packages.every((each) => existsSync(join(installed, 'node_modules', each.slice(0, each.lastIndexOf('@')))));

export interface Ran {
  readonly output: string;
  readonly place: Place;
}

const longestMs = 120_000;

/** Lets an agent work on a task in a folder of its own. */
export async function letWork(
  agent: Agent,
  taskIn: (place: Place) => string,
  given: Pick<Place, 'url' | 'key' | 'model'>,
): Promise<Ran> {
  const root = mkdtempSync(join(tmpdir(), `sluice-agent-${agent.name}-`));
  const place = {
    ...given,
    home: join(root, 'home'),
    folder: join(root, 'work'),
    bin: join(installed, 'node_modules/.bin'),
  };
  mkdirSync(place.home);
  mkdirSync(place.folder);
  writeFileSync(join(place.folder, 'a.txt'), 'one\n');
  await run('git', ['init', '-q', place.folder]);
  agent.prepare?.(place);
  const [file, ...args] = agent.command(taskIn(place), place);
  const env = {
    PATH: `${place.bin}:${process.env['PATH'] ?? ''}`,
    HOME: place.home,
    TERM: 'dumb',
    ...agent.env(place),
  };
  const running = run(file, args, { cwd: place.folder, env, timeout: longestMs, maxBuffer: 64 * 1024 * 1024 });
  running.child.stdin?.end();
  const { stdout, stderr } = await running.catch((error: { stdout?: string; stderr?: string }) => ({
    stdout: error.stdout ?? '',
    stderr: error.stderr ?? '',
  }));
  return { output: `${stdout}\n${stderr}`, place };
}
