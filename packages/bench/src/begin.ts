import { type BenchArguments, type Command, parseArguments } from './arguments.ts';
import { readSetup, type Setup } from './setup.ts';
import { problemsOf, type Targets, targetsOf } from './targets.ts';
import { usage } from './texts.ts';

/** A command that can measure. */
interface Ready {
  readonly kind: 'ready';
  readonly given: BenchArguments;
  readonly setup: Setup;
  readonly targets: Targets;
}

/** A command that can measure, or one that ends before. */
type Beginning = Ready | { readonly kind: 'ended'; readonly exitCode: number; readonly text: string };

interface BeginRequest extends Command {
  /** The command's line in the usage text. */
  readonly usage: string;
  readonly argv: readonly string[];
  /** Value of BENCH_SETUP. */
  readonly setup: string | undefined;
}

const wrongUsage = 2;

/** Reads arguments and set-up, and tries each peer. */
async function begin(command: BeginRequest): Promise<Beginning> {
  const parsed = parseArguments(command.argv, command);
  if (parsed.kind === 'bad') {
    return { kind: 'ended', exitCode: wrongUsage, text: usage(command.usage, parsed.problems) };
  }
  const { given } = parsed;
  if (given.isCheck) return { kind: 'ended', exitCode: 0, text: '' };
  const setup = readSetup(command.setup);
  const targets = targetsOf(setup, given.peers);
  const problems = await problemsOf(targets.peers, setup.upstreamUrl);
  if (problems.length > 0) return { kind: 'ended', exitCode: wrongUsage, text: problems.join('\n') };
  return { kind: 'ready', given, setup, targets };
}

/** Begins with the arguments and the set-up of this process. Ends the process if the command ends before it measures. */
export async function beginOrExit(command: Omit<BeginRequest, 'argv' | 'setup'>): Promise<Ready> {
  const begun = await begin({ ...command, argv: process.argv.slice(2), setup: process.env['BENCH_SETUP'] });
  if (begun.kind === 'ended') {
    if (begun.text !== '') process.stderr.write(`${begun.text}\n`);
    process.exit(begun.exitCode);
  }
  process.stdout.write(`\nUpstream: ${begun.setup.upstreamUrl}\n`);
  return begun;
}
