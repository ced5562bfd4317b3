import { hash } from 'node:crypto';

/** Conversations remembered at once; the one longest unseen is forgotten first. */
const capacity = 100_000;

/** Counts the calls of each conversation, for faults that befall only the first tries. */
export interface Conversations {
  /** Counts one more call and returns how many came before it. */
  count(conversation: string): number;
  clear(): void;
}

/** @see Conversations */
export function createConversations(): Conversations {
  const tries = new Map<string, number>();
  return {
    count(conversation) {
      const earlier = tries.get(conversation) ?? 0;
      tries.delete(conversation);
      tries.set(conversation, earlier + 1);
      if (tries.size > capacity) {
        const [longestUnseen] = tries.keys();
        if (longestUnseen !== undefined) tries.delete(longestUnseen);
      }
      return earlier;
    },
    clear: () => tries.clear(),
  };
}

/** Names a conversation by its content: 16 hexadecimal digits, the same for the same text. */
export function hashConversation(text: string): string {
  return hash('sha1', text).slice(0, 16);
}

/** A number of 32 bits drawn from a conversation's hash: the seed of its text, and its lot where faults go by percent. */
export function seedOf(conversation: string): number {
  return Number.parseInt(conversation.slice(0, 8), 16);
}
