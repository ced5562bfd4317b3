import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, generateText, isStepCount, jsonSchema, streamText, tool } from 'ai';
import { type ChatClient, type Connection, forecast, thrownBy, weather } from './client.ts';

/** Vercel's AI SDK with its provider for OpenAI-compatible servers. */
export function createAiSdk({ baseUrl, apiKey, fields }: Connection): ChatClient {
  const provider = createOpenAICompatible({
    name: 'sluice',
    baseURL: baseUrl,
    apiKey,
    includeUsage: true,
    transformRequestBody: (body) => ({ ...body, ...fields }),
  });
  const to = (model: string) => ({ model: provider.chatModel(model), maxRetries: 0 });

  return {
    async whole(model, prompt) {
      const { text, reasoningText } = await generateText({ ...to(model), prompt });
      return { text, reasoning: reasoningText };
    },
    async stream(model, prompt) {
      const answer = streamText({ ...to(model), prompt });
      return { text: await answer.text, reasoning: await answer.reasoningText };
    },
    async useTool(model, prompt) {
      let input: unknown;
      const { text } = await generateText({
        ...to(model),
        prompt,
        tools: {
          [weather.name]: tool({
            description: weather.description,
            inputSchema: jsonSchema(weather.parameters),
            execute(given: unknown) {
              input = given;
              return forecast;
            },
          }),
        },
        stopWhen: isStepCount(2),
      });
      return { input, text };
    },
    async show(model, url) {
      const { text, reasoningText } = await generateText({
        ...to(model),
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'What is this?' },
              { type: 'file', mediaType: 'image/png', data: url },
            ],
          },
        ],
      });
      return { text, reasoning: reasoningText };
    },
    async leave(model, prompt) {
      const controller = new AbortController();
      const answer = streamText({ ...to(model), prompt, abortSignal: controller.signal });
      for await (const piece of answer.textStream) if (piece !== '') controller.abort();
    },
    async failure(model) {
      const error = await thrownBy(generateText({ ...to(model), prompt: 'hello' }));
      return APICallError.isInstance(error) ? { status: error.statusCode, className: error.name } : undefined;
    },
  };
}
