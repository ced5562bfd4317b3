import {
  explainIssue,
  GatewayError,
  isObject,
  type JsonObject,
  list,
  object,
  anyObject,
  refuseOperatorFields,
} from '@sluice/protocol';
import type { z } from 'zod';

/** A request of `generateContent`. Its parts are read by their own code. */
const generateSchema = object({
  contents: list(anyObject, 'objects').min(1),
  tools: list(anyObject, 'objects').nullish(),
  toolConfig: anyObject.nullish(),
  generationConfig: anyObject.nullish(),
  safetySettings: list(anyObject, 'objects').nullish(),
});

/** A request with the names of its members in camel case. */
export type GeminiRequest = z.output<typeof generateSchema> & JsonObject;

/**
 * Validates a parsed body. Google takes the names of members in camel case and in snake case, and a single content without its list.
 * @throws GatewayError 400 that names the field
 */
export function parseGeminiRequest(body: unknown): GeminiRequest {
  const request = camelMembers(objectOf(body));
  const { contents } = request;
  const asked = isObject(contents) ? { ...request, contents: [contents] } : request;
  const [issue] = generateSchema.safeParse(asked).error?.issues ?? [];
  if (issue !== undefined) throw explainIssue(issue, asked);
  return asked as GeminiRequest;
}

/** @throws GatewayError 400 for anything but an object, and for fields of the operator */
export function objectOf(body: unknown): JsonObject {
  if (!isObject(body)) {
    throw new GatewayError('invalid_request', { message: 'The request body must be a JSON object.' });
  }
  refuseOperatorFields(body);
  return body;
}

/** Writes the names of an object's own members in camel case; their values stay as they are. */
export const camelMembers = (object_: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(object_).map(([name, value]) => [camel(name), value]));

const camel = (name: string): string => name.replaceAll(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
