import { hash } from 'node:crypto';

/** Maximum number of stored conversations; the least recently used is removed first. */
const capacity = 100_000;

/** Counts the calls of each conversation, for faults that affect only the first tries. */
export interface Conversations {
  /** Counts a call and returns the number of earlier ones. */
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

/** Returns the id of a conversation, derived from its content: 16 hexadecimal digits, equal for equal texts. */
export function hashConversation(text: string): string {
  return hash('sha1', text).slice(0, 16);
}

/** Returns a 32-bit number derived from a conversation's hash: the seed of its text, and the basis of percentages. */
export function seedOf(conversation: string): number {
  return Number.parseInt(conversation.slice(0, 8), 16);
}
