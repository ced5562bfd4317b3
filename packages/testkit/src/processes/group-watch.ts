import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * Ends process groups whose owner is gone. An `exit` handler would not do: it doesn't run when a test runner kills its
 * worker. So a small shell holds the other end of a pipe from us: however we end, it reads the end of the pipe and kills
 * what is left.
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

/** The watch of this process, or of this worker thread; starts its shell when first asked for. */
export function groupWatch(): GroupWatch {
  watch ??= startGroupWatch();
  return watch;
}

function startGroupWatch(): GroupWatch {
  // A session of its own, so that the Ctrl-C that ends us does not end it first.
  const shell = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  // Without the shell processes may outlive a killed worker; everything else goes on.
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  (shell.stdin as Socket).unref();
  return {
    add: (groupId) => void shell.stdin.write(`+ ${groupId}\n`),
    remove: (groupId) => void shell.stdin.write(`- ${groupId}\n`),
  };
}
