import OpenAI from 'openai';

/** The error type that the SDK throws. */
export { APIError as OpenAiError } from 'openai';

/** Server and key of the SDK. */
export interface OpenAiClientOptions {
  /** Base URL with `/v1`, as the SDK takes it. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Default 0, so that a test sees each failure; the SDK's own default is 2. */
  readonly maxRetries?: number;
}

/** Returns OpenAI's own client for Node. It takes no key, organization or project from the environment. */
export function openaiClient({ baseUrl, apiKey, maxRetries = 0 }: OpenAiClientOptions): OpenAI {
  return new OpenAI({ baseURL: baseUrl, apiKey, maxRetries, adminAPIKey: null, organization: null, project: null });
}
