/** An option with its value, as given. */
export interface Option {
  readonly name: string;
  readonly value: string;
}

/** Whole numbers from `least` to `most`, or any number above another one, up to `most`. */
export type Range =
  | { readonly least: number; readonly most?: number }
  | { readonly above: number; readonly most?: number };

/** Returns the number of an option; undefined, and a problem, if it is outside the range. */
export function readNumber({ name, value }: Option, range: Range, problems: string[]): number | undefined {
  const number = value.trim() === '' ? Number.NaN : Number(value);
  if ('above' in range) {
    const { above, most } = range;
    if (Number.isFinite(number) && number > above && number <= (most ?? number)) return number;
    problems.push(
      `${name}: must be a number above ${above}${most === undefined ? '' : `, up to ${most}`}; it is "${value}"`,
    );
    return undefined;
  }
  const { least, most } = range;
  if (Number.isSafeInteger(number) && number >= least && number <= (most ?? Number.MAX_SAFE_INTEGER)) return number;
  const bounds = most === undefined ? `${least} or more` : `from ${least} to ${most}`;
  problems.push(`${name}: must be a whole number, ${bounds}; it is "${value}"`);
  return undefined;
}
