import { parseArgs } from 'node:util';
import { readNumber } from '../read-number.ts';
import { type Measured, measuredHere } from './predict.ts';

/** The inputs of the model, or every problem with the arguments. */
export type ParsedInputs =
  | { readonly kind: 'good'; readonly measured: Measured }
  | { readonly kind: 'bad'; readonly problems: readonly string[] };

/** Far above any cost in µs or memory in KB, and so small that no result overflows. */
const mostOfAnInput = 1_000_000_000;

/** Inputs that are a part of another one. */
const parts: readonly (readonly [part: keyof Measured, whole: keyof Measured])[] = [
  ['admissionUs', 'redisUs'],
  ['admissionRestUs', 'redisRestUs'],
];

const toOption = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Reads the inputs; those that are absent are the measured ones. A problem names its argument, says what is wanted and what was given. */
export function parseInputs(argv: readonly string[]): ParsedInputs {
  const names = Object.keys(measuredHere).map(toOption);
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' } as const]));
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const problems: string[] = [];
  const given = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === 'positional') problems.push(`"${token.value}": "scale" takes no names`);
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    if (!names.includes(name)) {
      problems.push(`${rawName}: there is no such argument; there are: ${names.map((each) => `--${each}`).join(', ')}`);
    } else if (value === undefined || value === '') {
      problems.push(`${rawName}: needs a value`);
    } else {
      given.set(name, value);
    }
  }
  const read = (name: keyof Measured): number => {
    const value = given.get(toOption(name));
    const range = { above: 0, most: mostOfAnInput };
    if (value === undefined) return measuredHere[name];
    return readNumber({ name: `--${toOption(name)}`, value }, range, problems) ?? measuredHere[name];
  };
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
  if (problems.length > 0) return { kind: 'bad', problems };
  const tooLarge = parts.flatMap(([part, whole]) =>
    measured[part] <= measured[whole]
      ? []
      : `--${toOption(part)}: is a part of --${toOption(whole)}, ${measured[whole]}, and must not be more; it is ${measured[part]}`,
  );
  return tooLarge.length > 0 ? { kind: 'bad', problems: tooLarge } : { kind: 'good', measured };
}
