import { describe, expect, it } from 'vitest';
import { createDiagnostics } from '../src/diagnostics.ts';

function capture(isLimited = true) {
  const lines: string[] = [];
  let time = 0;
  const diagnostics = createDiagnostics({ write: (line) => void lines.push(line), now: () => time, isLimited });
  return { ...diagnostics, lines, wait: (ms: number) => void (time += ms) };
}

describe('createDiagnostics', () => {
  it('says one thing a minute, with the number of those it held back', () => {
    const { error, warn, lines, wait } = capture();
    error('first');
    error('second');
    warn('third');
    wait(60_000);
    error('fourth');
    expect(lines).toEqual(['sluice telemetry: first\n', 'sluice telemetry: fourth (and 2 more since the last line)\n']);
  });

  it('says everything to whoever debugs the exporter', () => {
    const { debug, lines } = capture(false);
    debug('one');
    debug('two');
    expect(lines).toHaveLength(2);
  });

  it.each([
    ['message and code', { message: 'Bad Request', code: '400', stack: 'at x' }, 'the export failed: Bad Request, 400'],
    ['the message alone', { message: 'away' }, 'the export failed: away'],
    ['all of it where there is no message', { a: 1 }, '{"a":1}'],
  ])('takes from an exception that the SDK reports as JSON: %s', (_, reported, said) => {
    const { error, lines } = capture();
    error(JSON.stringify(reported));
    expect(lines).toEqual([`sluice telemetry: ${said}\n`]);
  });

  it('stays on one line of bounded length and shows no secret', () => {
    const { error, lines } = capture();
    error(`{broken\njson  Bearer sk-canary-4f9a1c77 ${'x'.repeat(5000)}`);
    expect(lines[0]).toMatch(/^sluice telemetry: \{broken json Bearer \[redacted\] x+\n$/);
    expect(lines[0]?.length).toBeLessThan(450);
  });
});
