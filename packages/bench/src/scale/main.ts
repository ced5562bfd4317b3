// `npm run bench -- scale [--redis-us N] [--ingress-us N] …`: what the measured cost predicts for large loads.
import { parseInputs } from './arguments.ts';
import { admissionLimit, loads, predict, room, scaleTable } from './predict.ts';

const parsed = parseInputs(process.argv.slice(2));
if (parsed.kind === 'bad') {
  process.stderr.write(`${parsed.problems.join('\n')}\n`);
  process.exit(2);
}
const table = scaleTable(loads.map((load) => predict(load, parsed.measured, room)));
const limit = Math.round(admissionLimit(parsed.measured, room)).toLocaleString('en-US');
process.stdout.write(`${table}\n\nAdmission ends at ${limit} requests/s.\n`);
