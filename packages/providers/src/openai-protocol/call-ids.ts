import { createHash } from 'node:crypto';

/** A server's rules for the ids of tool calls in a conversation. */
export type CallIdRule =
  | 'as_given'
  /** Mistral: nine letters and digits. */
  | 'nine_characters'
  /** OpenAI: at most 40 characters. */
  | 'at_most_40';

const nineCharacters = /^[a-zA-Z0-9]{9}$/;
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const longestId = 40;

/**
 * Returns an id that the server accepts for a tool call of its own or of another provider. The result depends on the id
 * alone: a call and its result match in every request, and no state is needed. An id that the server accepts is
 * unchanged.
 */
export function fitCallId(id: string, rule: CallIdRule): string {
  switch (rule) {
    case 'as_given':
      return id;
    case 'nine_characters':
      return nineCharacters.test(id) ? id : toNineCharacters(id);
    case 'at_most_40':
      return id.length <= longestId ? id : `call_${createHash('sha256').update(id).digest('hex').slice(0, 32)}`;
  }
}

/** 62^9 values: two ids of a conversation collide once in about 10^10 conversations of a thousand calls. */
function toNineCharacters(id: string): string {
  const digest = createHash('sha256').update(id).digest();
  return Array.from({ length: 9 }, (_, at) => alphabet[digest.readUInt32BE(at * 3) % alphabet.length]).join('');
}

const mistralPlace = /^https?:\/\/(?:[\w-]+\.)*mistral\.ai(?:[:/]|$)/i;
const mistralModel =
  /(?:^|[/.:@-])(?:open-)?(?:mistral|mixtral|ministral|codestral|devstral|magistral|pixtral|voxtral)(?:[-_.:@/\d]|ai\/|$)/i;

/** Returns whether the server is Mistral, or runs its models: chat templates of other servers have the same rule. */
export const isMistral = ({ baseUrl, model }: { readonly baseUrl: string; readonly model: string }): boolean =>
  mistralPlace.test(baseUrl) || mistralModel.test(model);

/** Pattern of the errors with which Mistral, and servers with its tokenizer, refuse an id. */
const refusal = /tool[ _]?call[ _]?id\b[^]{0,2000}\blength of 9\b/i;

/** Returns whether an error demands ids of nine characters. */
export const wantsNineCharacters = (bodyText: string): boolean => refusal.test(bodyText);
