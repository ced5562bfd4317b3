import { describe, expect, it } from 'vitest';
import { createDiagnostics } from '../src/diagnostics.ts';

function capture(isLimited = true) {
  const lines: string[] = [];
  let time = 0;
  const diagnostics = createDiagnostics({ write: (line) => void lines.push(line), now: () => time, isLimited });
  return { ...diagnostics, lines, wait: (ms: number) => void (time += ms) };
}

describe('createDiagnostics', () => {
  it('writes one line a minute, with the number of suppressed ones', () => {
    const { error, warn, lines, wait } = capture();
    error('first');
    error('second');
    warn('third');
    wait(60_000);
    error('fourth');
    expect(lines).toEqual(['sluice telemetry: first\n', 'sluice telemetry: fourth (and 2 more since the last line)\n']);
  });

  it('writes every line while the exporter is debugged', () => {
    const { debug, lines } = capture(false);
    debug('one');
    debug('two');
    expect(lines).toHaveLength(2);
  });

  it.each([
    ['message and code', { message: 'Bad Request', code: '400', stack: 'at x' }, 'the export failed: Bad Request, 400'],
    ['only the message', { message: 'away' }, 'the export failed: away'],
    ['everything without a message', { a: 1 }, '{"a":1}'],
  ])('reads from an exception in JSON: %s', (_, reported, said) => {
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
