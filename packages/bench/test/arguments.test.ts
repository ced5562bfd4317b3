import { describe, expect, it, test } from 'vitest';
import { type BenchArguments, parseArguments } from '../src/arguments.ts';

const command = { names: ['light', 'whole'], noun: 'scenario', json: 'usual.json', hasConcurrency: true };

function good(...argv: string[]): BenchArguments {
  const parsed = parseArguments(argv, command);
  if (parsed.kind === 'bad') throw new Error(parsed.problems.join('\n'));
  return parsed.given;
}

function problems(...argv: string[]): readonly string[] {
  const parsed = parseArguments(argv, command);
  return parsed.kind === 'bad' ? parsed.problems : [];
}

describe('the arguments', () => {
  test('have defaults', () => {
    expect(good()).toEqual({
      names: [],
      seconds: undefined,
      rounds: 3,
      concurrency: [1, 10, 16, 128],
      json: 'usual.json',
      peers: [],
      isCheck: false,
    });
  });

  test('are read in either spelling and any order', () => {
    const given = good('whole', '--seconds=0.5', '--rounds', '2', 'light', '--concurrency', '1,2', '--json', 'x.json');
    expect(given).toMatchObject({
      names: ['whole', 'light'],
      seconds: 0.5,
      rounds: 2,
      concurrency: [1, 2],
      json: 'x.json',
    });
    expect(good('--check').isCheck).toBe(true);
  });

  test.each([
    [['heavy'], '"heavy" is not a scenario; there are: light, whole'],
    [['--pear', 'x'], '--pear: there is no such argument'],
    [['--seconds'], '--seconds: needs a value'],
    [['--seconds', '--rounds', '2'], '--seconds: needs a value'],
    [['--seconds=0'], '--seconds: must be a number above 0; it is "0"'],
    [['--rounds', '1.5'], '--rounds: must be a whole number, 1 or more; it is "1.5"'],
    [['--rounds', '-1'], '--rounds: must be a whole number, 1 or more; it is "-1"'],
    [['--concurrency', '1,x'], '--concurrency: must be a whole number, from 1 to 10000; it is "x"'],
    [['--upstream-port', '99999'], '--upstream-port: must be a whole number, from 1 to 65535; it is "99999"'],
  ])('%j is refused', (argv, problem) => {
    expect(problems(...argv)).toContain(problem);
  });

  it('have numbers of clients for "compare" alone', () => {
    expect(parseArguments(['--concurrency', '1'], { ...command, hasConcurrency: false })).toEqual({
      kind: 'bad',
      problems: ['--concurrency: only "npm run bench -- compare" takes it; here each scenario has its own clients'],
    });
  });

  it('are refused with every problem at once', () => {
    expect(problems('--seconds', 'a', '--rounds', 'b', 'c')).toHaveLength(3);
  });
});

describe('peers', () => {
  test('have the options that follow them', () => {
    const argv = ['--peer', 'http://127.0.0.1:1/v1/', '--peer-key', 'k', '--peer-header', 'X-Provider: open ai'];
    const more = ['--peer-header=x-host: http://h:1/v1', '--peer-pid', '7', '--peer-pid', '8', '--peer-model', 'a/b'];
    const { peers } = good(...argv, ...more, '--peer-image', 'a/b:1', '--peer', 'https://h/v1', '--peer-name', 'B');
    expect(peers).toEqual([
      {
        name: '127.0.0.1:1',
        url: 'http://127.0.0.1:1/v1',
        apiKey: 'k',
        headers: { 'x-provider': 'open ai', 'x-host': 'http://h:1/v1' },
        model: 'a/b',
        pids: [7, 8],
        image: 'a/b:1',
      },
      { name: 'B', url: 'https://h/v1', apiKey: 'sk-bench', headers: {}, model: 'demo', pids: [], image: undefined },
    ]);
  });

  test.each([
    [
      ['--peer', 'localhost:8787'],
      '--peer: must be a base URL such as http://127.0.0.1:8787/v1; it is "localhost:8787"',
    ],
    [['--peer', 'nonsense'], '--peer: must be a base URL such as http://127.0.0.1:8787/v1; it is "nonsense"'],
    [
      ['--peer', 'http://h/v1?x=1'],
      '--peer: must be a base URL such as http://127.0.0.1:8787/v1; it is "http://h/v1?x=1"',
    ],
    [['--peer-key', 'k', '--peer', 'http://h/v1'], '--peer-key: must come after the --peer that it belongs to'],
    [['--peer', 'http://h/v1', '--peer-pid', 'x'], '--peer-pid: must be a whole number, 1 or more; it is "x"'],
    [['--peer', 'http://h/v1', '--peer-header', 'x'], '--peer-header: must be "name: value"; it is "x"'],
    [['--peer', 'http://h/v1', '--peer-header', 'a b: c'], '--peer-header: must be "name: value"; it is "a b: c"'],
    [
      ['--peer', 'http://h/v1', '--peer', 'http://h/v1'],
      '--peer-name: each target needs a name of its own; two are called "h"',
    ],
    [
      ['--peer', 'http://h/v1', '--peer-name', 'Sluice'],
      '--peer-name: each target needs a name of its own; two are called "Sluice"',
    ],
  ])('%j are refused', (argv, problem) => {
    expect(problems(...argv)).toEqual([problem]);
  });
});
