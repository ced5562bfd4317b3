import { billedOf, reasoningText } from '../openai/chat-answer.ts';
import type { EventStream } from '../server/provider.ts';
import { type Chat, chatFields, lastStatusOf, messageFields, wholeMessages } from './chats.ts';
import { envelope } from './errors.ts';

/** Writes the answer of a chat as a stream. */
export function toEventStream(chat: Chat): EventStream {
  const { answer, request } = chat;
  const { content, reasoningTokens } = answer;
  const { traits } = request;
  const piece = (fields: object): string =>
    event('conversation.message.delta', messageFields(chat, { number: 1, type: 'answer', ...fields }));
  const textOf = (seq: number): string => (JSON.parse(content.delta(0, seq)) as { readonly content: string }).content;
  const status = lastStatusOf(answer, traits);
  const last = event(`conversation.chat.${status}`, chatFields(chat, status));
  const messages = wholeMessages(chat).map((fields) => event('conversation.message.completed', fields));
  const steps = traits.has('whole') ? 0 : reasoningTokens + content.tokens;

  return {
    kind: 'stream',
    opening: ['created', 'in_progress']
      .map((each) => event(`conversation.chat.${each}`, chatFields(chat, each)))
      .join(''),
    steps,
    leadSteps: traits.has('whole') ? 0 : reasoningTokens,
    tokensPerStep: 1,
    billed: billedOf(answer, content.tokens),
    step: (index) =>
      index < reasoningTokens
        ? piece({ content: '', reasoning_content: reasoningText(index) })
        : piece({ content: textOf(index - reasoningTokens) }),
    closing: (status === 'completed' ? messages.join('') : '') + last + (traits.has('audio') ? sound(chat) : ''),
    terminator: traits.has('studio') ? 'event:conversation.stream.done\n\n' : 'event:done\ndata:"[DONE]"\n\n',
    failure: failureOf(chat),
    broken: 'event:conversation.message.delta\ndata:{"id":"1","content":"bro\n\n',
    carrying: (text) => piece({ content: text }),
  };
}

function event(name: string, data: object): string {
  return `event:${name}\ndata:${JSON.stringify(data)}\n\n`;
}

const sound = (chat: Chat): string =>
  event(
    'conversation.audio.delta',
    messageFields(chat, { number: 5, type: 'answer', content: 'UklGRg==', content_type: 'audio' }),
  );

function failureOf(chat: Chat): string {
  const { traits } = chat.request;
  if (traits.has('bare')) return envelope(4101, 'The token you entered does not have the permission');
  if (traits.has('mute')) return event('error', {});
  const failed = event('conversation.chat.failed', chatFields(chat, 'failed'));
  // A Studio gives the reason in a separate event.
  return traits.has('studio') ? failed + event('error', { code: 103_100_001, msg: 'agent run error' }) : failed;
}
