import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readConfigFile, readOptionalFile } from '../../src/file/read-file.ts';
import { errorOf } from '../load.ts';

const failing = (code: string) => (): never => {
  throw Object.assign(new Error('canary'), { code });
};
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'sluice-read-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
};

describe('readConfigFile', () => {
  const read = (path: string | undefined, readFile: (path: string) => string) =>
    readConfigFile({ path, cwd: '/srv', readFile });

  it('names the file as the operator wrote it', () => {
    expect(read('conf/../a.yaml', (path) => path)).toEqual({
      kind: 'text',
      name: 'conf/../a.yaml',
      text: '/srv/a.yaml',
    });
    expect(read(undefined, (path) => path)).toEqual({ kind: 'text', name: './sluice.yaml', text: '/srv/sluice.yaml' });
  });

  it('does without the default file, but not without one that is named', () => {
    expect(read(undefined, failing('ENOENT'))).toEqual({ kind: 'none' });
    expect(read('a.yaml', failing('ENOENT'))).toEqual({
      kind: 'unreadable',
      problem: { path: 'SLUICE_CONFIG', message: 'there is no file a.yaml' },
    });
  });

  it('reports a file that can not be read by the code alone, the default file too', () => {
    for (const path of [undefined, './sluice.yaml']) {
      expect(read(path, failing('EACCES'))).toEqual({
        kind: 'unreadable',
        problem: { path: './sluice.yaml', message: "can't be read (EACCES)" },
      });
    }
    const plain = (): never => {
      throw new Error('canary');
    };
    expect(read('a.yaml', plain)).toMatchObject({ problem: { message: "can't be read (unknown error)" } });
  });
});

describe('readOptionalFile', () => {
  it('reads from disk, and returns undefined for a file or folder that does not exist', () => {
    const path = join(folder(), 'a.json');
    expect(readOptionalFile(path)).toBeUndefined();
    writeFileSync(path, 'ä');
    expect(readOptionalFile(path)).toBe('ä');
    expect(readOptionalFile(join(path, 'below-a-file'))).toBeUndefined();
  });

  it('throws for a file that can not be read', () => {
    const path = folder();
    expect(errorOf(() => readOptionalFile(path)).problems).toEqual([{ path, message: "can't be read (EISDIR)" }]);
  });
});
