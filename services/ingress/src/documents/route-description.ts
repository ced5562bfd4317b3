import type { ErrorCode } from '@sluice/protocol';
import type { z } from 'zod';

/** A JSON Schema, or another object of the document that no code reads. */
export type Json = Readonly<Record<string, unknown>>;

/** A schema under `components/schemas`. Two routes that use one name must use one schema. */
export interface NamedSchema {
  /** In PascalCase: `ChatRequest`. */
  readonly name: string;
  readonly schema: z.ZodType;
  /** Descriptions of its fields that the schema does not have. One that begins with "Deprecated" marks the field so. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** The envelope of the errors of a surface. */
export interface ErrorEnvelopeDescription {
  readonly schema: NamedSchema;
  readonly statusOf: (code: ErrorCode) => number;
}

/** A text in the answer that is not JSON, with an example. */
export interface TextBody {
  /** The document gives `text/event-stream` no type: some tools read its schema as that of the text, others of an event. */
  readonly mediaType: string;
  readonly description?: string;
  readonly example: string;
}

/** A successful answer. */
export interface AnswerDescription {
  readonly description: string;
  readonly json?: NamedSchema;
  /** Examples of the JSON, by name. */
  readonly examples?: Readonly<Record<string, unknown>>;
  /** Other media types of the same answer. */
  readonly texts?: readonly TextBody[];
  /** Names of {@link answerHeaders} beside `x-request-id`, which every answer has. */
  readonly headers?: readonly string[];
}

export interface ParameterDescription {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly description: string;
  readonly schema: z.ZodType;
  /** Default: true for a parameter of the path, false for all others. */
  readonly required?: boolean;
  readonly example?: unknown;
}

export interface BodyDescription {
  readonly description?: string;
  readonly json: NamedSchema;
  /** Examples of the body, by name. */
  readonly examples?: Readonly<Record<string, unknown>>;
}

/**
 * One route as the document shows it. A module of routes exports a list of these beside its router, and joins the
 * document by one line in `routes.ts`. A test fails if a route of the application has no description.
 */
export interface RouteDescription {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Path with `{name}` for each parameter. A path that also exists without `/v1` is described with it. */
  readonly path: `/${string}`;
  /** Name of the operation in generated clients: `listModels`. Unique. */
  readonly id: string;
  readonly tag: Tag;
  readonly summary: string;
  /** Markdown. */
  readonly description?: string;
  readonly access: Access;
  readonly parameters?: readonly ParameterDescription[];
  readonly body?: BodyDescription;
  readonly answers: Readonly<Record<number, AnswerDescription>>;
  readonly errors: readonly ErrorCode[];
  /** Default: OpenAI's. */
  readonly errorEnvelope?: ErrorEnvelopeDescription;
}

/**
 * Keys that a route takes. `client`: any client key. `admin`: a key with `admin: true`. `optional`: an admin key shows
 * more. `none`: no key is read.
 */
export type Access = 'client' | 'admin' | 'optional' | 'none';

/** The groups of the document, in its order, with their descriptions. */
export const tags = {
  inference: 'Requests to models.',
  models: 'The models that a key may use.',
  conversations: 'Stored conversations.',
  keys: 'Client keys and teams; for admin keys.',
  admin: 'Requests, usage and spend; for admin keys.',
  operation: 'Probes, status and metrics.',
  documents: 'This document, for programs and for people.',
} as const;

export type Tag = keyof typeof tags;
