import { openaiClient } from '@sluice/testkit';
import { APIError, type OpenAI } from 'openai';
import { type ChatClient, type Connection, forecast, type Reply, thrownBy, weather } from './client.ts';

type Message = OpenAI.ChatCompletionMessageParam;

/** OpenAI's own SDK for Node. */
export function createOpenAiSdk({ baseUrl, apiKey, fields }: Connection): ChatClient {
  const { chat } = openaiClient({ baseUrl, apiKey });
  const tools: OpenAI.ChatCompletionTool[] = [{ type: 'function', function: weather }];
  const ask = (model: string, messages: Message[], more: object = {}): Promise<OpenAI.ChatCompletion> =>
    chat.completions.create({ model, messages, ...fields, ...more });
  const asUser = (content: Extract<Message, { role: 'user' }>['content']): Message[] => [{ role: 'user', content }];
  const open = (model: string, question: string) =>
    chat.completions.create({ model, messages: asUser(question), ...fields, stream: true });

  return {
    whole: async (model, question) => replyOf(messageOf(await ask(model, asUser(question)))),
    async stream(model, question) {
      const reply = { text: '', reasoning: '' };
      for await (const { choices } of await open(model, question)) {
        const { text, reasoning } = replyOf(choices[0]?.delta ?? {});
        reply.text += text;
        reply.reasoning += reasoning;
      }
      return reply;
    },
    async useTool(model, question) {
      const messages = asUser(question);
      const message = messageOf(await ask(model, messages, { tools }));
      const [call] = message.tool_calls ?? [];
      if (call?.type !== 'function') throw new Error('The model called no tool.');
      messages.push(message, { role: 'tool', tool_call_id: call.id, content: forecast });
      const { text } = replyOf(messageOf(await ask(model, messages, { tools })));
      return { input: JSON.parse(call.function.arguments), text };
    },
    async show(model, url) {
      const content = [
        { type: 'text', text: 'What is this?' },
        { type: 'image_url', image_url: { url } },
      ] as const;
      return replyOf(messageOf(await ask(model, asUser([...content]))));
    },
    async leave(model, question) {
      const stream = await open(model, question);
      for await (const { choices } of stream) if (choices[0]?.delta.content) break;
      stream.controller.abort();
    },
    async failure(model) {
      const error = await thrownBy(ask(model, asUser('hello')));
      return error instanceof APIError ? { status: error.status, className: error.constructor.name } : undefined;
    },
  };
}

function messageOf({ choices }: OpenAI.ChatCompletion): OpenAI.ChatCompletionMessage {
  const [choice] = choices;
  if (choice === undefined) throw new Error('The answer has no choice.');
  return choice.message;
}

/** `reasoning_content` is not OpenAI's, so its types do not have it. */
function replyOf(message: { readonly content?: string | null; readonly reasoning_content?: string }): Reply & {
  readonly reasoning: string;
} {
  return { text: message.content ?? '', reasoning: message.reasoning_content ?? '' };
}
