/** Facts about a request that its body depends on. */
export interface Prompt {
  readonly model: string;
  readonly stream: boolean;
  readonly content: string;
}

/** An endpoint that clients use: its path, and the form of its requests and answers. */
export interface Surface {
  readonly name: string;
  /** Path after the base URL. */
  readonly path: string;
  body(prompt: Prompt): object;
  /** Matches each piece of an answer's text, whole or streamed, in its first group. */
  readonly textPattern: RegExp;
  /** Last bytes of a complete stream. */
  readonly streamEnd: string;
}

export const chat: Surface = {
  name: 'chat',
  path: '/chat/completions',
  body: ({ model, stream, content }) => ({ model, stream, messages: [{ role: 'user', content }] }),
  textPattern: /"content":\s*"([^"]+)"/g,
  streamEnd: 'data: [DONE]\n\n',
};

/** The surfaces that the gateway has, in the order of the table. */
export const surfaces: readonly Surface[] = [chat];
