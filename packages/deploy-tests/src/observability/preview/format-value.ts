const scaled = (value: number, units: readonly (readonly [number, string])[]): string => {
  const [size, name] = units.find(([from]) => Math.abs(value) >= from) ?? units.at(-1) ?? [1, ''];
  const number = value / size;
  const digits = Math.abs(number) >= 100 || Number.isInteger(number) ? 0 : Math.abs(number) >= 10 ? 1 : 2;
  return `${number.toFixed(digits)}${name}`;
};

const plain = [
  [1e6, ' M'],
  [1e3, ' k'],
  [1, ''],
] as const;

/** Formats a value in the unit of its panel, approximately as Grafana does. */
export function formatValue(value: number, unit = 'short'): string {
  if (value === 0) return unit === 'percentunit' ? '0 %' : '0';
  switch (unit) {
    case 's':
      return scaled(value, [
        [60, ' min'],
        [1, ' s'],
        [1e-3, ' ms'],
        [1e-6, ' µs'],
      ]);
    case 'ms':
      return scaled(value, [
        [1000, ' s'],
        [1, ' ms'],
      ]);
    case 'percentunit':
      return `${(value * 100).toFixed(Math.abs(value) < 0.1 ? 2 : 1)} %`;
    case 'bytes':
      return scaled(value, [
        [2 ** 30, ' GiB'],
        [2 ** 20, ' MiB'],
        [2 ** 10, ' KiB'],
        [1, ' B'],
      ]);
    case 'reqps':
      return `${scaled(value, plain)} req/s`;
    case 'ops':
    case 'cps':
      return `${scaled(value, plain)}/s`;
    default:
      return scaled(value, plain);
  }
}
