import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * Kills process groups whose owner has ended. An `exit` handler does not suffice: it does not run when a test runner kills
 * its worker. A small shell reads a pipe from this process instead: when the pipe ends, it kills the remaining groups.
 */
export interface GroupWatch {
  add(groupId: number): void;
  remove(groupId: number): void;
}

const script = `
groups=' '
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) groups="\${groups%% $group *} \${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
`;

let watch: GroupWatch | undefined;

/** Returns the watch of this process or worker thread. The first call starts its shell. */
export function groupWatch(): GroupWatch {
  watch ??= startGroupWatch();
  return watch;
}

function startGroupWatch(): GroupWatch {
  // In its own session, so that Ctrl-C does not end the shell before this process.
  const shell = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  // Without the shell, processes may outlive a killed worker; everything else works.
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  (shell.stdin as Socket).unref();
  return {
    add: (groupId) => void shell.stdin.write(`+ ${groupId}\n`),
    remove: (groupId) => void shell.stdin.write(`- ${groupId}\n`),
  };
}
