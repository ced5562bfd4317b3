import { splitSuffix } from '../faults/directives.ts';

/**
 * Ways of Coze that no directive tells: words between dashes in a bot's name, as in `7300-studio-two-t4`.
 *
 * - `studio`: speaks as a self-hosted Coze Studio
 * - `two`: gives two answers
 * - `whole`: the answer comes whole, without pieces before it
 * - `audio`: sound follows the end of the chat
 * - `action`: the bot wants its caller to run a tool
 * - `canceled`: somebody cancels the chat before its end
 * - `soft`: errors come with status 200
 * - `mute`: an error in the stream is empty
 * - `bare`: an error in the stream is JSON without a frame
 */
const words = ['studio', 'two', 'whole', 'audio', 'action', 'canceled', 'soft', 'mute', 'bare'] as const;

export type Traits = ReadonlySet<(typeof words)[number]>;

export function traitsOf(bot: string): Traits {
  const segments = splitSuffix(bot).base.split('-');
  return new Set(words.filter((word) => segments.includes(word)));
}
