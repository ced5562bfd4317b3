import { expect, test } from 'vitest';
import { installCommand, packageManagers } from '../../src/redis/package-manager.ts';

const find = (name: string) => {
  const manager = packageManagers.find((candidate) => candidate.name === name);
  if (manager === undefined) throw new Error(`no ${name}`);
  return manager;
};

test('has the package managers in the order of the search', () => {
  expect(packageManagers.map(({ name }) => name)).toEqual(['apt-get', 'dnf', 'yum', 'apk', 'pacman', 'zypper', 'brew']);
});

test('root runs a package manager as it is', () => {
  const manager = find('dnf');
  expect(installCommand({ manager, isRoot: true, hasSudo: false })).toEqual({
    file: 'sh',
    args: ['-c', manager.script],
  });
});

test('other users run it with sudo that asks for no password', () => {
  const manager = find('dnf');
  expect(installCommand({ manager, isRoot: false, hasSudo: true })).toEqual({
    file: 'sudo',
    args: ['-n', 'sh', '-c', manager.script],
  });
});

test('without root and sudo it returns a reason', () => {
  expect(installCommand({ manager: find('apt-get'), isRoot: false, hasSudo: false })).toEqual({
    reason: 'apt-get is here, but this user is not root and has no password-less sudo',
  });
});

test('Homebrew runs as an ordinary user and never as root', () => {
  const manager = find('brew');
  expect(installCommand({ manager, isRoot: false, hasSudo: true })).toEqual({
    file: 'sh',
    args: ['-c', manager.script],
  });
  expect(installCommand({ manager, isRoot: true, hasSudo: true })).toEqual({ reason: 'brew refuses to run as root' });
});

test('apt-get starts no service: a policy forbids it meanwhile, and an existing policy is kept', () => {
  const { script } = find('apt-get');
  expect(script.indexOf('[ ! -e "$policy" ]')).toBeLessThan(script.indexOf('exit 101'));
  expect(script.indexOf('exit 101')).toBeLessThan(script.indexOf('apt-get install'));
});
