import OpenAI from 'openai';

/** What that client throws. */
export { APIError as OpenAiError } from 'openai';

/** Whom the SDK talks to. */
export interface OpenAiClientOptions {
  /** As the SDK takes it, with `/v1`. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Default 0, so that a test sees each failure; the SDK's own default is 2. */
  readonly maxRetries?: number;
}

/** OpenAI's own client for Node, with no key, organization or project taken from the environment. */
export function openaiClient({ baseUrl, apiKey, maxRetries = 0 }: OpenAiClientOptions): OpenAI {
  return new OpenAI({ baseURL: baseUrl, apiKey, maxRetries, adminAPIKey: null, organization: null, project: null });
}
