/** The base URL of a client, and the headers of all its requests. */
export interface Connection {
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Members of the request that the client's library does not have. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** An answer as a library returns it. */
export interface Reply {
  readonly text: string;
  /** Undefined where the library does not return the model's reasoning. */
  readonly reasoning: string | undefined;
}

/** A client library in common use. No retries here. */
export interface ChatClient {
  whole(model: string, question: string): Promise<Reply>;
  stream(model: string, question: string): Promise<Reply>;
  /** Offers a tool, returns its result to the model that called it, and gets the final answer. */
  useTool(model: string, question: string): Promise<ToolRound>;
  /** Asks about an image. */
  show(model: string, imageUrl: string): Promise<Reply>;
  /** Leaves as soon as the first text of a stream arrives. */
  leave(model: string, question: string): Promise<void>;
  /** Returns status and class of the error that a request throws; undefined without an error. */
  failure(model: string): Promise<Failure | undefined>;
}

export interface ToolRound {
  /** The input of the model's tool call. */
  readonly input: unknown;
  readonly text: string;
}

export interface Failure {
  /** HTTP status, as the library reports it. */
  readonly status: unknown;
  readonly className: string;
}

/** Names of the parameters that a call must have. The AI SDK wants a list that may change. */
const required: string[] = ['city'];

/** The tool of {@link ChatClient.useTool}. */
export const weather = {
  name: 'get_weather',
  description: 'The weather in a city.',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required,
    additionalProperties: false,
  },
} as const;

/** The text of the answer. */
export const forecast = 'Rain, 4 degrees.';

/** Returns the reason with which a promise rejects. */
export async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}
