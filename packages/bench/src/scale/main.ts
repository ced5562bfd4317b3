// `npm run bench -- scale [--redis-us N] [--ingress-us N] …`: what the measured cost predicts for large loads.
import { parseArgs } from 'node:util';
import { admissionLimit, loads, type Measured, measuredHere, predict, room, scaleTable } from './predict.ts';

const toOption = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const options = Object.fromEntries(
  Object.entries(measuredHere).map(([name, value]) => [
    toOption(name),
    { type: 'string', default: String(value) } as const,
  ]),
);
const { values } = parseArgs({ options });

function read(name: keyof Measured): number {
  const value = Number(values[toOption(name)]);
  if (value > 0) return value;
  process.stderr.write(`--${toOption(name)}: must be a number above 0.\n`);
  process.exit(2);
}

const measured: Measured = {
  redisUs: read('redisUs'),
  admissionUs: read('admissionUs'),
  ingressUs: read('ingressUs'),
  workerUs: read('workerUs'),
  redisTokenUs: read('redisTokenUs'),
  ingressTokenUs: read('ingressTokenUs'),
  workerTokenUs: read('workerTokenUs'),
  redisRestUs: read('redisRestUs'),
  ingressRestUs: read('ingressRestUs'),
  workerRestUs: read('workerRestUs'),
  admissionRestUs: read('admissionRestUs'),
  ingressStreamKb: read('ingressStreamKb'),
  workerStreamKb: read('workerStreamKb'),
};
const table = scaleTable(loads.map((load) => predict(load, measured, room)));
const limit = Math.round(admissionLimit(measured, room)).toLocaleString('en-US');
process.stdout.write(`${table}\n\nAdmission ends at ${limit} requests/s.\n`);
