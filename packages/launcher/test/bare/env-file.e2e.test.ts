import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serviceLinksIn } from '@sluice/config';
import { verifies } from '@sluice/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeEnvFile } from '../../src/bare/env-file.mjs';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice-env-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Returns the environment after reading a file of this text, and the sentences for the person. */
function take(text: string | Buffer, env: Record<string, string | undefined> = {}) {
  writeFileSync(join(root, '.env'), text);
  return { said: takeEnvFile(root, env), env };
}

describe('a .env file', () => {
  it.each([
    ['a plain value', 'A=b', 'b'],
    ['spaces around', '  A =  b  ', 'b'],
    ['export', 'export A=b', 'b'],
    ['a comment line before', '# comment\nA=b', 'b'],
    ['a comment behind', 'A=b # comment', 'b'],
    ['a hash in quotes', 'A="b # c"', 'b # c'],
    ['double quotes and \\n', 'A="b\\nc"', 'b\nc'],
    ['single quotes and \\n', "A='b\\nc'", 'b\\nc'],
    ['backticks', 'A=`"b" \'c\'`', '"b" \'c\''],
    ['several lines', 'A="b\nc"\nB=x', 'b\nc'],
    ['an equals sign', 'A=b=c==', 'b=c=='],
    ['Windows line ends', 'A=b\r\nB=c\r\n', 'b'],
    ['a byte order mark', '\uFEFFA=b', 'b'],
    ['nothing', 'A=', ''],
    ['the last of two', 'A=a\nA=b', 'b'],
    ['a hash within', 'A=sk-abcdefgh#tail', 'sk-abcdefgh#tail'],
    ['a hash at its start', 'A=#b', '#b'],
    ['a comment alone', 'A= # comment', ''],
    ['a comment behind a tab', 'A=b\t#comment', 'b'],
    ['a hash behind a hash', 'A=b#c # d', 'b#c'],
    ['a hash, then Windows line ends', 'A=b#c\r\nB=d', 'b#c'],
    ['a comment behind quotes', "A='b'# comment", 'b'],
    ['a quote behind a backslash', 'A="b\\"c"', 'b"c'],
    ['a backslash before its last quote', 'A="C:\\"\nB=x', 'C:\\'],
    ['quotes within', 'A=b"c"', 'b"c"'],
    ['a colon', 'A: b', 'b'],
    ['a colon within', 'A=b: c', 'b: c'],
    ['a space before the sign', 'A = "b"', 'b'],
    ['line ends of old Macs', 'A=b\rB=c', 'b'],
  ])('may hold %s', verifies('001-15', '002-06', '003-12'), (_, text, value) => {
    expect(take(text).env['A']).toBe(value);
  });

  it('does not override the environment, not even an empty variable, and says so', () => {
    const { said, env } = take('A=1\nB=2\nC=3\n', { A: 'mine', B: '' });
    expect(env).toEqual({ A: 'mine', B: '', C: '3' });
    expect(said).toBe('Read 1 variable from .env; 2 more are set in the environment, which wins.');
    expect(take('A=1\nB=2').said).toBe('Read 2 variables from .env.');
    expect(take('A=1\nB=2', { A: 'mine' }).said).toBe(
      'Read 1 variable from .env; 1 more is set in the environment, which wins.',
    );
  });

  it.each([
    ['LOG_LEVEL debug', 'line 2 is not understood (wanted: NAME=value)'],
    ['B', 'line 2 is not understood (wanted: NAME=value)'],
    ['B-="secret', 'line 2 is not understood (B- has a quote without its end, or text behind it)'],
    ['B="secret"more', 'line 2 is not understood (B has a quote without its end, or text behind it)'],
    ['9B=secret', 'line 2 is not understood (wanted: NAME=value)'],
  ])('is read without the line %s, and the warning shows no value', (line, fault) => {
    const { said, env } = take(`A=1\n${line}\nC=3\n`);
    expect(env).toEqual({ A: '1', C: '3' });
    expect(said).toBe(`Read 2 variables from .env. Warning: of .env ${fault}.`);
  });

  it('counts its lines correctly after a value of several lines', () => {
    const { said, env } = take('A="b\nc"\r\n\r\n# comment\r\n???\r\n');
    expect(env).toEqual({ A: 'b\nc' });
    expect(said).toContain('of .env line 5 is not understood');
  });

  it.each([
    ['UTF-16, as PowerShell writes it', Buffer.from('\uFEFFLOG_LEVEL=debug\r\nB=ü\r\n', 'utf16le')],
    ['UTF-16 of the other order', Buffer.from('\uFEFFLOG_LEVEL=debug\r\nB=ü\r\n', 'utf16le').swap16()],
    ['UTF-8 with a mark', Buffer.from('\uFEFFLOG_LEVEL=debug\r\nB=ü\r\n')],
  ])('may be %s', (_, bytes) => {
    const { said, env } = take(bytes);
    expect(env).toEqual({ LOG_LEVEL: 'debug', B: 'ü' });
    expect(said).toBe('Read 2 variables from .env.');
  });

  it('stops the start when it is not text, and warns of a value that is not UTF-8', () => {
    expect(() => take(Buffer.from('A=b', 'utf16le'))).toThrow(
      '.env is not text: it holds zero bytes. Save it as UTF-8.',
    );
    expect(take(Buffer.from('# Schl\xfcssel\nA=b\nB=\xfc\n', 'latin1')).said).toBe(
      'Read 2 variables from .env. Warning: of .env line 3 is not UTF-8, so B is not what was meant.',
    );
  });

  it.each(['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'])(
    'does not override a %s of the environment in either spelling',
    (name) => {
      const lower = name.toLowerCase();
      const both = `${name}=of-file\n${lower}=of-file\n`;
      expect(take(both, { [name]: 'mine' }).env).toEqual({ [name]: 'mine' });
      expect(take(both, { [lower]: 'mine' }).env).toEqual({ [lower]: 'mine' });
      expect(take(both, { [lower]: '' }).env).toEqual({ [lower]: '' });
      expect(take(both).env).toEqual({ [name]: 'of-file', [lower]: 'of-file' });
    },
  );

  it('overrides the variables that Kubernetes sets for neighbouring services', () => {
    const link = 'tcp://10.0.0.1:9464';
    for (const name of ['PORT', 'METRICS_PORT', 'SIMULATOR_PORT']) {
      expect([...serviceLinksIn({ [name]: link })]).toEqual([name]);
      expect(take(`${name}=9000`, { [name]: link }).env).toEqual({ [name]: '9000' });
      expect(take(`${name}=9000`, { [name]: '9001' }).env).toEqual({ [name]: '9001' });
    }
    expect(take('REPORT=9000', { REPORT: link }).env).toEqual({ REPORT: link });
  });

  it('is optional, and a folder of that name is ignored', () => {
    expect(takeEnvFile(root, {})).toBeUndefined();
    mkdirSync(join(root, '.env'));
    expect(takeEnvFile(root, {})).toBeUndefined();
  });

  it.skipIf(process.getuid?.() === 0)('stops the start when it can not be read', () => {
    writeFileSync(join(root, '.env'), 'A=b');
    chmodSync(join(root, '.env'), 0);
    expect(() => takeEnvFile(root, {})).toThrow(".env can't be read (EACCES).");
  });
});
