const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const zone = String.raw`(?:\s*(GMT|UTC|UT|Z|[+-]\d{2}:?\d{2}))?`;
const time = String.raw`(\d{1,2}):(\d{2}):(\d{2})(?:\.\d{1,9})?`;

/** `Sun, 06 Nov 1994 08:49:37 GMT`, and `Sunday, 06-Nov-94 08:49:37 GMT` of RFC 850. */
const dayFirst = new RegExp(
  String.raw`^(?:[a-z]{3,9},?\s{1,4})?(\d{1,2})[ -]([a-z]{3})[a-z]{0,6}[ -](\d{4}|\d{2})\s{1,4}${time}${zone}$`,
  'i',
);
/** `Sun Nov  6 08:49:37 1994` of asctime. */
const monthFirst = new RegExp(
  String.raw`^[a-z]{3},?\s{1,4}([a-z]{3})\s{1,4}(\d{1,2})\s{1,4}${time}${zone}\s{1,4}(\d{4})$`,
  'i',
);
/** `1994-11-06T08:49:37Z`. */
const yearFirst = new RegExp(String.raw`^(\d{4})-(\d{2})-(\d{2})[T ]${time}${zone}$`, 'i');

/**
 * Parses a date in any of the three formats of RFC 9110 section 5.6.7 or in ISO 8601, with or without an offset;
 * without one it is UTC. `Date.parse` is not suitable: it parses "-3" as a year, and a date without a zone as local
 * time.
 *
 * @param nearMs determines the century of a two-digit year, as RFC 9110 requires
 * @returns ms since 1970, or undefined for any other text
 */
export function parseHttpDate(text: string, nearMs: number): number | undefined {
  const byDay = dayFirst.exec(text);
  if (byDay !== null) {
    const [, day, month, year = '', hour, minute, second, offset] = byDay;
    return toMs([fullYear(year, nearMs), monthOf(month), day, hour, minute, second], offset);
  }
  const byMonth = monthFirst.exec(text);
  if (byMonth !== null) {
    const [, month, day, hour, minute, second, offset, year] = byMonth;
    return toMs([year, monthOf(month), day, hour, minute, second], offset);
  }
  const byYear = yearFirst.exec(text);
  if (byYear === null) return undefined;
  const [, year, month, day, hour, minute, second, offset] = byYear;
  return toMs([year, Number(month) - 1, day, hour, minute, second], offset);
}

const monthOf = (name = ''): number => months.indexOf(name.slice(0, 3).toLowerCase());

/** Completes a two-digit year. A year more than 50 years ahead belongs to the previous century. */
function fullYear(year: string, nearMs: number): number {
  const thisYear = new Date(nearMs).getUTCFullYear();
  if (year.length > 2) return Number(year);
  const inThisCentury = thisYear - (thisYear % 100) + Number(year);
  return inThisCentury > thisYear + 50 ? inThisCentury - 100 : inThisCentury;
}

function toMs(fields: readonly (string | number | undefined)[], offset = 'Z'): number | undefined {
  const [year = 0, month = -1, day = 0, hour = 0, minute = 0, second = 0] = fields.map(Number);
  const isReal = month >= 0 && month < 12 && day >= 1 && day <= 31 && hour < 24 && minute < 60 && second <= 60;
  if (!isReal) return undefined;
  return Date.UTC(year, month, day, hour, minute, second) - offsetMs(offset);
}

function offsetMs(offset: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(offset) ?? [];
  if (sign === undefined) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}
