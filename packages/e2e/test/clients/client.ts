/** The address that a client asks, and what it adds to all it asks. */
export interface Connection {
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Members of the request that the client's library has no words for. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The result that a library makes of an answer. */
export interface Reply {
  readonly text: string;
  /** Undefined where the library does not show what the model reasoning. */
  readonly reasoning: string | undefined;
}

/** A library that people talk to Sluice with. Nothing here retries. */
export interface ChatClient {
  whole(model: string, question: string): Promise<Reply>;
  stream(model: string, question: string): Promise<Reply>;
  /** Offers a tool, gives its result to the model that called it, and lets it say something about that. */
  useTool(model: string, question: string): Promise<ToolRound>;
  /** Asks about an image. */
  show(model: string, imageUrl: string): Promise<Reply>;
  /** Leaves as soon as the first text of a stream is there. */
  leave(model: string, question: string): Promise<void>;
  /** The status and the class of what a request throws; undefined if it throws nothing. */
  failure(model: string): Promise<Failure | undefined>;
}

export interface ToolRound {
  /** The input that the model called the tool with. */
  readonly input: unknown;
  readonly text: string;
}

export interface Failure {
  /** HTTP status, as the library tells it. */
  readonly status: unknown;
  readonly className: string;
}

/** The tool of {@link ChatClient.useTool}. */
export const weather = {
  name: 'get_weather',
  description: 'The weather in a city.',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
} as const;

/** The text that it says. */
export const forecast = 'Rain, 4 degrees.';

/** Returns the value that a promise is rejected with. */
export async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}
