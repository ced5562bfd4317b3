import { itemsOf, type JsonObject, membersOf, type Usage } from '@sluice/protocol';
import { believe } from '../../answer/usage.ts';

/** Returns the usage of an answer or chunk, wherever the provider puts it. */
export function usageOf({ usage, x_groq: groq, choices }: JsonObject): Usage | undefined {
  const [choice] = itemsOf(choices);
  // Groq's extension; and Moonshot's place for it.
  return believe(usage) ?? believe(membersOf(groq)['usage']) ?? believe(membersOf(choice)['usage']);
}
