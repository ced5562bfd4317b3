import { compileErrors, validate } from '@readme/openapi-parser';
import { chatParameters, errorTable } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { exposedHeaders } from '../../src/middleware/cors.ts';
import { answerHeaders } from '../../src/documents/answer-headers.ts';
import { openApi } from '../../src/documents/openapi.ts';
import { routes } from '../../src/documents/routes.ts';
import { schemaComponents } from '../../src/documents/schema-components.ts';
import { z } from 'zod';

interface Operation {
  readonly security: readonly object[];
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<
      Record<string, { readonly properties: Readonly<Record<string, { description?: string }>> }>
    >;
    readonly examples: Readonly<Record<string, unknown>>;
  };
}

const text = JSON.stringify(openApi('1.2.3'));
const document = JSON.parse(text) as Document;

describe('the OpenAPI document', () => {
  it('is valid', async () => {
    const result = await validate(JSON.parse(text));
    expect(result.valid ? 'valid' : compileErrors(result)).toBe('valid');
    expect(result.warnings).toEqual([]);
  });

  it('gives each operation a name of its own', () => {
    const ids = routes.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('describes every parameter of a chat', () => {
    const properties = document.components.schemas['ChatRequest']?.properties ?? {};
    expect(Object.keys(properties).toSorted()).toEqual(chatParameters.toSorted());
    expect(Object.entries(properties).filter(([, { description = '' }]) => description === '')).toEqual([]);
  });

  it('has every code of the error table, each with an example', () => {
    expect(Object.keys(document.components.examples)).toEqual(Object.keys(errorTable));
  });

  it('has the headers that pages of other origins may read', () => {
    expect(exposedHeaders.filter((name) => !(name in answerHeaders))).toEqual([]);
  });

  it('tells a stream from a whole answer', () => {
    const { content = {} } = document.paths['/v1/chat/completions']?.['post']?.responses['200'] ?? {};
    expect(Object.keys(content)).toEqual(['application/json', 'text/event-stream']);
  });

  it('wants a key where a key is wanted', () => {
    const keys = [{ bearer: [] }, { apiKey: [] }];
    const securityOf = (path: string, method: string) => document.paths[path]?.[method]?.security;
    expect(securityOf('/v1/chat/completions', 'post')).toEqual(keys);
    expect(securityOf('/metrics', 'get')).toEqual(keys);
    expect(securityOf('/status', 'get')).toEqual([{}, ...keys]);
    expect(securityOf('/livez', 'get')).toEqual([]);
  });

  it('refers only to what it has', () => {
    const references = Array.from(text.matchAll(/"\$ref":"#\/([^"]+)"/g), ([, path = '']) => path.split('/'));
    const at = (path: readonly string[]): unknown =>
      path.reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], document);
    expect(references.length).toBeGreaterThan(50);
    expect(references.filter((path) => at(path) === undefined)).toEqual([]);
  });

  it('refuses two schemas with one name', () => {
    const named = (schema: z.ZodType) => ({ name: 'One', schema });
    expect(() => schemaComponents([named(z.string()), named(z.number())])).toThrow('two schemas of the document');
  });
});
