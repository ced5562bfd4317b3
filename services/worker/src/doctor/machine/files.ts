import { stat } from 'node:fs/promises';
import { type Check, ok, problem, warning } from '../check.ts';

/** A file or folder whose access rights are checked. */
export interface WatchedFile {
  readonly path: string;
  /**
   * - `config`: the configuration file, with secrets written in it
   * - `secretless`: the configuration file, without any
   * - `dotenv`: a `.env` file
   * - `login`: the file that `npm run login` has written
   * - `state`: the folder of `npm start`; its own rights protect everything in it
   */
  readonly kind: 'config' | 'secretless' | 'dotenv' | 'login' | 'state';
}

export interface FileFacts extends WatchedFile {
  /** As in `0o640`; undefined for a file that is not there. */
  readonly mode: number | undefined;
  /** The system's error code if the rights can't be read. */
  readonly error?: string;
}

const groupBits = 0o070;
const otherBits = 0o007;

const contents: Readonly<Record<WatchedFile['kind'], string>> = {
  config: 'has secrets in it',
  secretless: 'has no secret in it',
  dotenv: 'usually has secrets in it',
  login: "holds a person's login",
  state: 'holds keys, prompts and logs',
};

export async function readFiles(files: readonly WatchedFile[]): Promise<FileFacts[]> {
  return await Promise.all(files.map(async (file) => ({ ...file, ...(await readMode(file)) })));
}

async function readMode({ path, kind }: WatchedFile): Promise<Pick<FileFacts, 'mode' | 'error'>> {
  try {
    const found = await stat(path);
    // Something else can have this name, such as a folder with a Python environment.
    const isMeant = kind === 'state' ? found.isDirectory() : !found.isDirectory();
    return { mode: isMeant ? found.mode & 0o777 : undefined };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return code === 'ENOENT' ? { mode: undefined } : { mode: undefined, error: code };
  }
}

/** Judges access rights; all files with correct rights share one sentence. */
export function judgeFiles(facts: readonly FileFacts[], platform: NodeJS.Platform = process.platform): Check[] {
  if (platform === 'win32') return [];
  const findings = facts.flatMap((file) => judgeFile(file) ?? []);
  const there = facts.filter(({ mode }) => mode !== undefined).map(({ path }) => path);
  if (findings.length > 0 || there.length === 0) return findings;
  return [ok('files.rights', `No other user can read the secrets in ${there.join(', ')}.`)];
}

function judgeFile({ path, kind, mode, error }: FileFacts): Check | undefined {
  if (error !== undefined) {
    return problem('files.rights', `${path} can't be looked at (${error}).`, 'Let the user that runs Sluice read it.');
  }
  if (mode === undefined) {
    if (kind !== 'login') return undefined;
    return problem(
      'files.login',
      `The login ${path} is not there.`,
      'Run `npm run login`, or correct credentials[].oauth_file.',
    );
  }
  if (kind === 'secretless' || (mode & (groupBits | otherBits)) === 0) return undefined;
  const readers = (mode & otherBits) === 0 ? 'its group' : 'every user of this machine';
  const text = `${path} ${contents[kind]}, and ${readers} can read it (mode ${mode.toString(8)}).`;
  const advice = `chmod ${kind === 'state' ? '700' : '600'} ${path}`;
  return (mode & otherBits) === 0 ? warning('files.rights', text, advice) : problem('files.rights', text, advice);
}
