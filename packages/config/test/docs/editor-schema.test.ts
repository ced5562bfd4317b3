import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { editorSchema } from '../../src/docs/editor-schema.ts';

const nodeSchema = z.looseObject({
  properties: z.record(z.string(), z.unknown()).optional(),
  items: z.unknown().optional(),
});

/** Returns the node of a setting; `[]` steps into a list. */
function nodeOf(path: string): unknown {
  return path.split('.').reduce<unknown>((node, step) => {
    const { properties = {}, items } = nodeSchema.parse(node);
    return step === '[]' ? items : properties[step];
  }, JSON.parse(editorSchema()));
}

const interpolation = { $ref: '#/definitions/interpolation' };

describe("the editor's schema", () => {
  it('allows ${…} in place of a number, a flag, a word of a list and a text of a pattern', () => {
    expect(nodeOf('server.port')).toMatchObject({
      anyOf: [{ type: 'integer', minimum: 0, maximum: 65_535 }, interpolation],
    });
    expect(nodeOf('server.trust_proxy')).toMatchObject({ default: false, anyOf: [{ type: 'boolean' }, interpolation] });
    expect(nodeOf('log.level')).toMatchObject({ anyOf: [{ enum: expect.arrayContaining(['info']) }, interpolation] });
    expect(nodeOf('keys.[].key_hash')).toMatchObject({ anyOf: [{ type: 'string' }, interpolation] });
  });

  it('needs no alternative for a text of any form', () => {
    expect(nodeOf('redis.username')).toMatchObject({ type: 'string' });
    expect(nodeOf('redis.username')).not.toHaveProperty('anyOf');
  });

  it('calls numbers without fractions integers, and others numbers', () => {
    expect(nodeOf('retry.jitter')).toMatchObject({ anyOf: [{ type: 'number' }, interpolation] });
    expect(nodeOf('limits.queue_size')).toMatchObject({ anyOf: [{ type: 'integer' }, interpolation] });
  });

  it('refuses unknown settings at every level', () => {
    for (const path of ['server', 'server.cors', 'keys.[]', 'keys.[].limits', 'models.[].targets.[]']) {
      expect(nodeOf(path)).toMatchObject({ additionalProperties: false });
    }
  });

  it("has the settings' meanings as plain text, and none of our own keywords", () => {
    expect(nodeOf('server.keep_alive_ms')).toMatchObject({
      description: expect.stringContaining('see load balancers (docs/configuration.md)'),
    });
    expect(editorSchema()).not.toMatch(/"x-|multipleOf|9007199254740991/);
  });

  it('has defaults of settings, not of whole sections', () => {
    expect(nodeOf('server.host')).toMatchObject({ default: '127.0.0.1' });
    expect(nodeOf('keys.[].limits')).not.toHaveProperty('default');
    expect(nodeOf('server')).not.toHaveProperty('default');
  });
});
