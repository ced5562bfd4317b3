import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { serviceCommand } from '../../src/services/service-command.ts';

const [main = ''] = serviceCommand('simulator', 'source').slice(-1);
const repo = main.replace('packages/simulator/src/main.ts', '');
const inRepo = (args: readonly string[]): readonly string[] => args.map((arg) => arg.replace(repo, ''));

test('finds the programs', () => {
  expect(existsSync(main)).toBe(true);
});

test('runs a service from source', () => {
  expect(inRepo(serviceCommand('ingress', 'source'))).toEqual([
    '--conditions=@sluice/source',
    '--enable-source-maps',
    '--max-semi-space-size=16',
    '--heap-growing-percent=150',
    '--no-flush-bytecode',
    '--import',
    'packages/telemetry/src/register.ts',
    'services/ingress/src/main.ts',
  ]);
});

test('runs a built service', () => {
  expect(inRepo(serviceCommand('worker', 'dist'))).toEqual([
    '--enable-source-maps',
    '--max-semi-space-size=16',
    '--heap-growing-percent=150',
    '--no-flush-bytecode',
    '--import',
    'packages/telemetry/dist/register.js',
    'services/worker/dist/main.js',
  ]);
});

test('runs the simulator without telemetry', () => {
  expect(inRepo(serviceCommand('simulator', 'dist'))).toEqual([
    '--enable-source-maps',
    'packages/simulator/dist/main.js',
  ]);
});
