import { createHash } from 'node:crypto';
import { answerHeaders } from './answer-headers.ts';
import { errorAnswers, errorExamples, errorSchema } from './error-answers.ts';
import { type Access, type AnswerDescription, type Json, type RouteDescription, tags } from './route-description.ts';
import { innerSchemas, routes } from './routes.ts';
import { inlineSchema, schemaComponents, schemaRef } from './schema-components.ts';

/** The document as it is sent. */
export interface OpenApiText {
  readonly json: Buffer;
  /** Strong validator: changes with the document. */
  readonly etag: string;
}

/** Returns a function that writes the document when it is first asked for. */
export function createOpenApi(version: string): () => OpenApiText {
  let written: OpenApiText | undefined;
  return () => (written ??= write(version));
}

function write(version: string): OpenApiText {
  const json = Buffer.from(JSON.stringify(openApi(version)));
  return { json, etag: `"${createHash('sha256').update(json).digest('base64url').slice(0, 22)}"` };
}

/** Returns the OpenAPI 3.1 document of all routes. */
export function openApi(version: string): Json {
  return {
    openapi: '3.1.1',
    info: { title: 'Sluice', version, summary, description, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: '/' }],
    security: securityOf('client'),
    tags: Object.entries(tags)
      .filter(([name]) => routes.some(({ tag }) => tag === name))
      .map(([name, text]) => ({ name, description: text })),
    paths: pathsOf(routes),
    components: {
      schemas: schemaComponents([...innerSchemas, errorSchema, ...routes.flatMap(schemasOf)]),
      headers: answerHeaders,
      examples: errorExamples(),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'A client key: `Authorization: Bearer KEY`.' },
        apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'The same key: `x-api-key: KEY`.' },
      },
    },
  };
}

const summary = 'Many LLM providers behind one OpenAI-compatible API.';

const description = `Every path below \`/v1\` also answers without \`/v1\`.

**Keys.** Send a client key as \`Authorization: Bearer KEY\` or \`x-api-key: KEY\`.

**Errors** have OpenAI's shape: \`{"error": {"message", "type", "param", "code"}}\`, all four fields always present. Those of
\`/v1/messages\` have Anthropic's: \`{"type": "error", "error": {"type", "message"}, "request_id"}\`. The header \`x-should-retry\` says whether another try of the same request can succeed.

**Streams.** With \`"stream": true\` the answer is \`text/event-stream\`. The status line waits for the first piece of the
answer, so that a failure until then is an HTTP status. After it a failure is one event, \`data: {"error": {…}}\`, and the
end of the stream **without** \`data: [DONE]\`. A stream that ends with \`data: [DONE]\` is complete; one that ends without
it is not. \`: ping\` is a comment against idle timeouts.

**Unknown fields** of a request go to the provider unchanged.`;

function pathsOf(described: readonly RouteDescription[]): Json {
  const byPath = Map.groupBy(described, ({ path }) => path);
  return Object.fromEntries(
    [...byPath].map(([path, found]) => [
      path,
      Object.fromEntries(found.map((route) => [route.method, operationOf(route)])),
    ]),
  );
}

function operationOf(route: RouteDescription): Json {
  const { id, tag, access, parameters = [], body } = route;
  return {
    operationId: id,
    tags: [tag],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    security: securityOf(access),
    ...(parameters.length === 0
      ? {}
      : {
          parameters: parameters.map(({ schema, required, ...parameter }) => ({
            ...parameter,
            required: required ?? parameter.in === 'path',
            schema: inlineSchema(schema),
          })),
        }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            ...(body.description === undefined ? {} : { description: body.description }),
            content: { 'application/json': { schema: schemaRef(body.json), ...examplesOf(body.examples) } },
          },
        }),
    responses: {
      ...Object.fromEntries(Object.entries(route.answers).map(([status, answer]) => [status, answerOf(answer)])),
      ...errorAnswers(route.errors, route.errorEnvelope),
    },
  };
}

function answerOf({ description: text, json, examples, texts = [], headers = [] }: AnswerDescription): Json {
  const content = Object.fromEntries([
    ...(json === undefined ? [] : [['application/json', { schema: schemaRef(json), ...examplesOf(examples) }]]),
    ...texts.map(({ mediaType, description: what, example }) => [
      mediaType,
      {
        schema: {
          ...(mediaType === 'text/event-stream' ? {} : { type: 'string' }),
          ...(what === undefined ? {} : { description: what }),
        },
        example,
      },
    ]),
  ]);
  return {
    description: text,
    headers: Object.fromEntries(
      ['x-request-id', ...headers].map((name) => [name, { $ref: `#/components/headers/${name}` }]),
    ),
    ...(Object.keys(content).length === 0 ? {} : { content }),
  };
}

const examplesOf = (examples: Readonly<Record<string, unknown>> | undefined): Json =>
  examples === undefined
    ? {}
    : { examples: Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }])) };

const schemasOf = ({ body, answers, errorEnvelope }: RouteDescription) =>
  [body?.json, errorEnvelope?.schema, ...Object.values(answers).map(({ json }) => json)].filter(
    (named) => named !== undefined,
  );

function securityOf(access: Access): readonly Json[] {
  const keys = [{ bearer: [] }, { apiKey: [] }];
  if (access === 'none') return [];
  return access === 'optional' ? [{}, ...keys] : keys;
}
