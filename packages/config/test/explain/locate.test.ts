import { describe, expect, it } from 'vitest';
import { createLocator } from '../../src/explain/locate.ts';

const locate = createLocator(`# A comment.
server:
  host: "\${HOST_NAME}.\${DOMAIN:-example}"
  port: 80
shared: &limits { rpm: \${RPM} }
keys:
  - name: a
    limits: *limits
  - { name: b,
      key: \${KEY}\${KEY} }
log: { file: $\${A} }
`);

describe('a locator', () => {
  it('finds the line of a setting, in mappings and lists', () => {
    expect(locate(['server', 'port'])?.line).toBe(4);
    expect(locate(['keys', 0, 'name'])?.line).toBe(7);
    expect(locate(['keys', 1, 'key'])?.line).toBe(10);
  });

  it("finds the variables of a setting's text, each once", () => {
    expect(locate(['server', 'host'])).toEqual({ line: 3, variables: ['HOST_NAME', 'DOMAIN'] });
    expect(locate(['keys', 1, 'key'])?.variables).toEqual(['KEY']);
    expect(locate(['server', 'port'])?.variables).toEqual([]);
  });

  it('finds no variable in $${, which is plain text', () => {
    expect(locate(['log', 'file'])).toEqual({ line: 11, variables: [] });
  });

  it('finds a setting within an alias at the alias', () => {
    expect(locate(['keys', 0, 'limits', 'rpm'])).toEqual({ line: 8, variables: [] });
  });

  it('finds an absent setting at the nearest mapping that would hold it, without variables', () => {
    expect(locate(['server', 'cors', 'origins'])).toEqual({ line: 3, variables: [] });
    expect(locate(['keys', 5, 'name'])?.line).toBe(7);
  });

  it('does not find a setting of an absent section', () => {
    expect(locate(['retry', 'mode'])).toBeUndefined();
  });
});
