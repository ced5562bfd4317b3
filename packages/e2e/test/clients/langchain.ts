import { type AIMessageChunk, HumanMessage, ToolMessage } from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';
import { APIError } from 'openai';
import { type ChatClient, type Connection, forecast, type Reply, thrownBy, weather } from './client.ts';

/** LangChain's model for OpenAI. */
export function createLangChain({ baseUrl, apiKey, fields }: Connection): ChatClient {
  const to = (model: string): ChatOpenAI =>
    new ChatOpenAI({ model, apiKey, maxRetries: 0, modelKwargs: { ...fields }, configuration: { baseURL: baseUrl } });

  return {
    whole: async (model, question) => replyOf(await to(model).invoke(question)),
    async stream(model, question) {
      const replies: Reply[] = [];
      for await (const chunk of await to(model).stream(question)) replies.push(replyOf(chunk));
      return {
        text: replies.map(({ text }) => text).join(''),
        reasoning: replies.map(({ reasoning }) => reasoning ?? '').join(''),
      };
    },
    async useTool(model, question) {
      const withTool = to(model).bindTools([{ type: 'function', function: weather }]);
      const asked = new HumanMessage(question);
      const message = await withTool.invoke([asked]);
      const [call] = message.tool_calls ?? [];
      if (call?.id === undefined) throw new Error('The model called no tool.');
      const result = new ToolMessage({ tool_call_id: call.id, content: forecast });
      const { text } = replyOf(await withTool.invoke([asked, message, result]));
      return { input: call.args, text };
    },
    async show(model, url) {
      const content = [
        { type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { url } },
      ];
      return replyOf(await to(model).invoke([new HumanMessage({ content })]));
    },
    async leave(model, question) {
      const controller = new AbortController();
      const stream = await to(model).stream(question, { signal: controller.signal });
      await thrownBy(
        (async () => {
          for await (const chunk of stream) if (chunk.text !== '') controller.abort();
        })(),
      );
    },
    async failure(model) {
      const error = await thrownBy(to(model).invoke('hello'));
      return error instanceof APIError ? { status: error.status, className: error.constructor.name } : undefined;
    },
  };
}

function replyOf({ text, additional_kwargs: extra }: AIMessageChunk): Reply {
  const { reasoning_content: reasoning } = extra;
  return { text, reasoning: typeof reasoning === 'string' ? reasoning : undefined };
}
