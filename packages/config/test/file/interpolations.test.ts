import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyKey, load, problemsOf, routing } from '../load.ts';

const host = (yaml: string, env: Record<string, string> = {}): string =>
  load(`server: ${yaml}`, { ...anyKey, ...env }).server.host;

/** Error for a text that is not a valid host name. */
const logFile = (yaml: string, env: Record<string, string> = {}): string | undefined =>
  load(`log: ${yaml}`, { ...anyKey, ...env }).log.file;

describe('${NAME}', () => {
  it('becomes the value of the variable, anywhere in a text', () => {
    expect(host('{ host: "${A}" }', { A: 'one' })).toBe('one');
    expect(host('\n  host: ${A}.${B}.example', { A: 'one', B: 'two' })).toBe('one.two.example');
  });

  it('needs no quotes within { } and [ ]', () => {
    expect(host('{ host: ${A}, port: 80 }', { A: 'one' })).toBe('one');
    expect(host('{host: ${A:-x}}')).toBe('x');
    const { redis } = load('redis: { cluster: [${A}, "${B}:1", ${C:-c:2}] }', { ...anyKey, A: 'a:3', B: 'b' });
    expect(redis).toMatchObject({ nodes: [{ host: 'a' }, { host: 'b' }, { host: 'c' }] });
  });

  it('becomes a number, true or false if the setting has that type', () => {
    const config = load(
      `
server: { port: \${PORT_HERE}, trust_proxy: \${YES} }
redis: { tls: { reject_unauthorized: \${NO} } }
keys: [{ name: a, key: \${KEY}, limits: { rpm: \${RPM:-600} } }]
retry: { jitter: \${JITTER} }
`,
      { PORT_HERE: '8099', YES: 'true', NO: 'false', KEY: '1234567890', JITTER: '0.5' },
    );
    expect(config.server).toMatchObject({ port: 8099, trustProxy: true });
    expect(config.redis.tls).toEqual({ ca: undefined, rejectUnauthorized: false });
    expect(config.keys[0]?.limits.rpm).toBe(600);
    expect(config.retry.jitter).toBe(0.5);
  });

  it('stays text if the setting is a text', () => {
    const { redis } = load('redis: { password: ${PW} }', { ...anyKey, PW: '12345' });
    expect(redis.password?.reveal()).toBe('12345');
  });

  it('does not become a number as a part of a text, or if it is not plain digits', () => {
    const wanted = 'server.port: must be a whole number from 0 to 65535';
    expect(problemsOf('server: { port: "80${A}" }', { ...anyKey, A: '80' })).toEqual([wanted]);
    for (const value of ['0x50', '1e3', '80 ', 'eighty']) {
      expect(problemsOf('server: { port: ${A} }', { ...anyKey, A: value })).toEqual([wanted]);
    }
    expect(problemsOf('server: { port: ${A} }', { ...anyKey, A: '' })).toEqual([
      'server.port: is empty; it must be a whole number from 0 to 65535',
    ]);
  });

  it('must be set; a missing variable is reported once per setting', () => {
    expect(problemsOf('server: { host: ${HERE}, port: ${THERE} }\nkeys: [{ key: ${TEAM_KEY} }]', {})).toEqual([
      'server.host: needs the environment variable HERE, which is not set',
      'server.port: needs the environment variable THERE, which is not set',
      'keys[0].key: needs the environment variable TEAM_KEY, which is not set',
    ]);
  });

  it('is not interpolated twice', () => {
    expect(logFile('{ file: "${A}" }', { A: '${B}', B: 'b' })).toBe('${B}');
  });

  it.each(['${', '${A', '${}', '${1A}', '${A-b}', '${A:=b}', '${A B}', '${A:-${B}}'])(
    'does not have the form %s',
    (text) => {
      expect(problemsOf(`server:\n  host: '${text}'`, { ...anyKey, A: 'a', B: 'b' })).toEqual([
        'server.host: has a ${ that is not a valid interpolation; write ${NAME}, ${NAME:-default}, or $${ for the text ${',
      ]);
    },
  );

  it('does not change other dollar signs', () => {
    expect(logFile('{ file: a$b }')).toBe('a$b');
    expect(logFile('{ file: $A }')).toBe('$A');
  });
});

describe('${NAME:-default}', () => {
  it('is the default if the variable is not set or empty', () => {
    expect(host('{ host: "${A:-b}" }')).toBe('b');
    expect(host('{ host: "${A:-b}" }', { A: '' })).toBe('b');
    expect(host('{ host: "${A:-b}" }', { A: 'a' })).toBe('a');
  });

  it('may hold characters with a meaning in YAML', () => {
    const { redis } = load('redis: { url: ${A:-redis://h:1/2}, key_prefix: ${B:-a:b} }');
    expect(redis).toMatchObject({ url: 'redis://h:1/2', keyPrefix: 'a:b' });
  });
});

describe('$${', () => {
  it('is the text ${', () => {
    expect(logFile('{ file: $${A} }')).toBe('${A}');
    expect(logFile('\n  file: "$${A}${B}"', { B: 'b' })).toBe('${A}b');
  });
});

describe('a secret from the environment', () => {
  it('arrives unchanged, with any content, and changes nothing else', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), (password) => {
        const config = load(`redis: { password: \${PW} }\nserver: { port: 81 }\n${routing}`, {
          ...anyKey,
          PW: password,
        });
        expect(config.redis.password?.reveal()).toBe(password);
        expect(config.server.port).toBe(81);
        expect(config.upstreams).toHaveLength(1);
      }),
    );
  });

  it("cannot change the file's structure", () => {
    const config = load('redis:\n  password: ${PW}\n', { ...anyKey, PW: '"x"\nserver: { port: 1 } # {' });
    expect(config.server.port).toBe(8080);
    expect(inspect(config)).not.toContain('"x"');
  });
});
