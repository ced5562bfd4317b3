import { describe, expect, it } from 'vitest';
import { parseInputs } from '../../src/scale/arguments.ts';
import { measuredHere } from '../../src/scale/predict.ts';

describe('the arguments of "scale"', () => {
  it('replace measured inputs; the last of equal ones counts', () => {
    const argv = ['--redis-us', '100', '--redis-us=120.5', '--worker-stream-kb', '9'];
    expect(parseInputs(argv)).toEqual({
      kind: 'good',
      measured: { ...measuredHere, redisUs: 120.5, workerStreamKb: 9 },
    });
    expect(parseInputs([])).toEqual({ kind: 'good', measured: measuredHere });
  });

  it.each([
    [['--redis-us=Infinity'], '--redis-us: must be a number above 0, up to 1000000000; it is "Infinity"'],
    [['--redis-us=1e300'], '--redis-us: must be a number above 0, up to 1000000000; it is "1e300"'],
    [['--redis-us', '-5'], '--redis-us: must be a number above 0, up to 1000000000; it is "-5"'],
    [['--redis-us', 'x'], '--redis-us: must be a number above 0, up to 1000000000; it is "x"'],
    [['--redis-us'], '--redis-us: needs a value'],
    [['--redis-us='], '--redis-us: needs a value'],
    [['120'], '"120": "scale" takes no names'],
    [
      ['--redis-us=200', '--admission-us', '300'],
      '--admission-us: is a part of --redis-us, 200, and must not be more; it is 300',
    ],
    [
      ['--redis-rest-us', '1', '--admission-rest-us', '2'],
      '--admission-rest-us: is a part of --redis-rest-us, 1, and must not be more; it is 2',
    ],
  ])('%j are refused', (argv, problem) => {
    expect(parseInputs(argv)).toEqual({ kind: 'bad', problems: [problem] });
  });

  it('are refused with the names that there are', () => {
    expect(parseInputs(['--foo', '-x'])).toMatchObject({
      problems: [
        expect.stringMatching(/^--foo: there is no such argument; there are: --redis-us, --admission-us, /),
        expect.stringMatching(/^-x: there is no such argument/),
      ],
    });
  });
});
