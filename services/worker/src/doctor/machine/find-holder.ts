import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Names the process that listens on a TCP port, as in `nginx (process 812)`; undefined if this user may not see it. */
export async function findHolder(port: number): Promise<string | undefined> {
  return process.platform === 'linux' ? await fromProc(port) : await fromLsof(port);
}

/** State of a listening socket in /proc/net/tcp. */
const listening = '0A';

async function fromProc(port: number): Promise<string | undefined> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  );
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const sockets = tables.flatMap((table) =>
    table.split('\n').flatMap((line) => {
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
      return local.endsWith(`:${wanted}`) && state === listening ? [`socket:[${inode}]`] : [];
    }),
  );
  if (sockets.length === 0) return undefined;
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const id of ids) {
    const handles = await readdir(`/proc/${id}/fd`).catch((): string[] => []);
    for (const handle of handles) {
      const target = await readlink(`/proc/${id}/fd/${handle}`).catch(() => '');
      if (sockets.includes(target)) return `${await nameOf(id)} (process ${id})`;
    }
  }
  return undefined;
}

async function nameOf(id: string): Promise<string> {
  return (await readFile(`/proc/${id}/comm`, 'utf8').catch(() => 'a program')).trim();
}

async function fromLsof(port: number): Promise<string | undefined> {
  const args = ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'];
  const { stdout } = await promisify(execFile)('lsof', args).catch(() => ({ stdout: '' }));
  const id = /^p(\d+)$/m.exec(stdout)?.[1];
  return id === undefined ? undefined : `${/^c(.+)$/m.exec(stdout)?.[1] ?? 'a program'} (process ${id})`;
}
