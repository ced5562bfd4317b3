import { describe, expect, it } from 'vitest';
import { chooseFormat } from '../src/exposition.ts';

describe('chooseFormat', () => {
  const prometheus3 =
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';

  it.each([
    ['Prometheus with its default settings', prometheus3, 'openmetrics'],
    ['a bare type', 'application/openmetrics-text', 'openmetrics'],
    ['any case', 'Application/OpenMetrics-Text; Version=1.0.0', 'openmetrics'],
    ['nothing', undefined, 'text'],
    ['an empty header', '', 'text'],
    ['curl', '*/*', 'text'],
    ['a browser', 'text/html,application/xhtml+xml,*/*;q=0.8', 'text'],
    ['a preference for plain text', 'text/plain;version=0.0.4;q=1,application/openmetrics-text;q=0.5', 'text'],
    ['a refusal', 'application/openmetrics-text;q=0', 'text'],
    ['an invalid weight', 'application/openmetrics-text;q=high', 'text'],
  ])('handles %s', (_, accept, format) => {
    expect(chooseFormat(accept)).toBe(format);
  });
});
