import { isOfPeer, type Peer, readPeers } from './peer-arguments.ts';
import { type Option, readNumber } from './read-number.ts';

/** The arguments of `npm run bench` and `npm run bench -- compare`. */
export interface BenchArguments {
  /** Scenarios or surfaces to measure, in any order; empty for all. */
  readonly names: readonly string[];
  /** Time of each load in seconds. If absent, each load has its own. */
  readonly seconds: number | undefined;
  readonly rounds: number;
  /** Numbers of clients of `compare`. */
  readonly concurrency: readonly number[];
  /** File for all figures. */
  readonly json: string;
  readonly peers: readonly Peer[];
  /** Only the arguments are checked. The launcher does this before it starts the product. */
  readonly isCheck: boolean;
}

/** Differences between the commands. */
export interface Command {
  /** Names that it measures. */
  readonly names: readonly string[];
  /** Word for one of the names, in messages. */
  readonly noun: string;
  /** Default of `--json`. */
  readonly json: string;
  /** The command takes `--concurrency`. */
  readonly hasConcurrency: boolean;
}

/** The arguments, or every problem with them. */
export type Parsed =
  | { readonly kind: 'good'; readonly given: BenchArguments }
  | { readonly kind: 'bad'; readonly problems: readonly string[] };

const ownOptions = ['--seconds', '--rounds', '--concurrency', '--json', '--upstream-port'];

/** Reads the arguments of a command. A problem names its argument, says what is wanted and what was given. */
export function parseArguments(argv: readonly string[], { names, noun, json, hasConcurrency }: Command): Parsed {
  const { positionals, options, isCheck, problems } = split(argv);
  for (const name of positionals.filter((each) => !names.includes(each))) {
    problems.push(`"${name}" is not a ${noun}; there are: ${names.join(', ')}`);
  }
  // The last one of equal options counts, as with most programs.
  const valueOf = (name: string): string | undefined => options.findLast((option) => option.name === name)?.value;
  const numberOf = (name: string, range: Parameters<typeof readNumber>[1]): number | undefined => {
    const value = valueOf(name);
    return value === undefined ? undefined : readNumber({ name, value }, range, problems);
  };
  if (!hasConcurrency && valueOf('--concurrency') !== undefined) {
    problems.push('--concurrency: only "npm run bench -- compare" takes it; here each scenario has its own clients');
  }
  // The launcher uses this one; it relies on the check here.
  numberOf('--upstream-port', { least: 1, most: 65_535 });
  const given: BenchArguments = {
    names: positionals,
    seconds: numberOf('--seconds', { above: 0 }),
    rounds: numberOf('--rounds', { least: 1 }) ?? 3,
    concurrency: (valueOf('--concurrency') ?? '1,10,16,128')
      .split(',')
      .flatMap((value) => readNumber({ name: '--concurrency', value }, { least: 1, most: 10_000 }, problems) ?? []),
    json: valueOf('--json') ?? json,
    peers: readPeers(
      options.filter(({ name }) => isOfPeer(name)),
      problems,
    ),
    isCheck,
  };
  return problems.length > 0 ? { kind: 'bad', problems } : { kind: 'good', given };
}

interface Split {
  readonly positionals: string[];
  /** In the order in which they were given. */
  readonly options: Option[];
  readonly isCheck: boolean;
  readonly problems: string[];
}

/** Separates options from names. `--name value` and `--name=value` are the same. */
function split(argv: readonly string[]): Split {
  const positionals: string[] = [];
  const options: Option[] = [];
  const problems: string[] = [];
  let isCheck = false;
  for (let at = 0; at < argv.length; at += 1) {
    const argument = argv[at] ?? '';
    const [, name = argument, inline] = /^(--[^=]*)(?:=(.*))?$/s.exec(argument) ?? [];
    if (!argument.startsWith('-')) {
      positionals.push(argument);
    } else if (name === '--check') {
      isCheck = true;
    } else if (!ownOptions.includes(name) && !isOfPeer(name)) {
      problems.push(`${name}: there is no such argument`);
    } else {
      // A missing value must not take the next option for one.
      const next = argv[at + 1];
      const isNextValue = inline === undefined && next !== undefined && !next.startsWith('--');
      if (isNextValue) at += 1;
      const value = isNextValue ? next : (inline ?? '');
      if (value === '') problems.push(`${name}: needs a value`);
      else options.push({ name, value });
    }
  }
  return { positionals, options, isCheck, problems };
}
