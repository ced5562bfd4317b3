import { GatewayError } from '@sluice/protocol';
import type { Request } from 'express';

/** Methods of a model in Google's API. */
export const geminiMethods = [
  'generateContent',
  'streamGenerateContent',
  'countTokens',
  'embedContent',
  'batchEmbedContents',
] as const;
export type GeminiMethod = (typeof geminiMethods)[number];

/** A model and its method, as the path of a request names them: `/v1beta/models/gemini-x:generateContent`. */
export interface GeminiPath {
  readonly model: string;
  readonly method: GeminiMethod;
}

/** @throws GatewayError 404 for a path without a method, or with an unknown one */
export function readGeminiPath(request: Request): GeminiPath {
  const rest: unknown = request.params['path'];
  const path = Array.isArray(rest) ? rest.join('/') : String(rest);
  const at = path.lastIndexOf(':');
  const method = geminiMethods.find((name) => name === path.slice(at + 1));
  if (at <= 0 || method === undefined) {
    throw new GatewayError('unknown_url', {
      message: `Unknown method of a model. Supported are: ${geminiMethods.join(', ')}.`,
    });
  }
  return { model: path.slice(0, at), method };
}
