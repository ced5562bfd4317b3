import { splitSuffix } from '../faults/directives.ts';

/**
 * Variants of Coze's behaviour without a directive: words between dashes in a bot's name, as in `7300-studio-two-t4`.
 *
 * - `studio`: behaves as a self-hosted Coze Studio
 * - `two`: gives two answers
 * - `whole`: sends the answer whole, without pieces before it
 * - `audio`: sends audio after the end of the chat
 * - `action`: asks the caller to run a tool
 * - `canceled`: the chat is cancelled before its end
 * - `soft`: errors have status 200
 * - `mute`: an error in the stream is empty
 * - `bare`: an error in the stream is JSON without a frame
 */
const words = ['studio', 'two', 'whole', 'audio', 'action', 'canceled', 'soft', 'mute', 'bare'] as const;

export type Traits = ReadonlySet<(typeof words)[number]>;

export function traitsOf(bot: string): Traits {
  const segments = splitSuffix(bot).base.split('-');
  return new Set(words.filter((word) => segments.includes(word)));
}
