import { countOf, toJson, toText } from './report.ts';
import { examine } from './doctor.ts';

const usage = `Usage:
  npm run doctor            prints the settings with their origins, and checks what Sluice needs
  npm run doctor -- --json  the same for machines
Exit code: 0, or 1 when a problem was found.`;

async function main(args: readonly string[]): Promise<void> {
  const { env } = process;
  if (args.some((arg) => arg !== '--json')) {
    process.stderr.write(`${usage}\n`);
    process.exitCode = args.includes('--help') ? 0 : 1;
    return;
  }
  const report = await examine({
    env,
    cwd: process.cwd(),
    // The launcher sets these variables.
    stateFolder: env['SLUICE_DOCTOR_STATE_FOLDER'],
    startedRedisUrl: env['SLUICE_DOCTOR_REDIS_URL'],
    startedDatabaseUrl: env['SLUICE_DOCTOR_DATABASE_URL'],
    dotenvNames: env['SLUICE_DOCTOR_DOTENV_NAMES']?.split(','),
  });
  process.stdout.write(`${args.includes('--json') ? toJson(report) : toText(report)}\n`);
  process.exitCode = countOf(report.checks).problem === 0 ? 0 : 1;
}

await main(process.argv.slice(2));
