import { isObject, itemsOf, type JsonObject, membersOf } from '@sluice/protocol';

/** Reasoning of one turn: its text, and the details that its provider requires back unchanged. */
export interface CarriedReasoning {
  readonly text: string;
  readonly details: readonly JsonObject[];
  /** Content that the provider requires back with each call, by the id of the call. */
  readonly calls: JsonObject;
}

const mark = 'sluice1.';

/**
 * Writes reasoning as `encrypted_content`: clients send it back and do not read it. The details are signed or encrypted by
 * their providers, so the carrier itself adds no secrecy.
 */
export const carryReasoning = (reasoning: CarriedReasoning): string => mark + toBase64(JSON.stringify(reasoning));

/** Reads {@link carryReasoning}. Undefined for the content of another server, which no upstream here could use. */
export function readCarrier(text: unknown): CarriedReasoning | undefined {
  if (typeof text !== 'string' || !text.startsWith(mark)) return undefined;
  try {
    const value: unknown = JSON.parse(fromBase64(text.slice(mark.length)));
    if (!isObject(value) || typeof value['text'] !== 'string') return undefined;
    return {
      text: value['text'],
      details: itemsOf(value['details']).filter(isObject),
      calls: membersOf(value['calls']),
    };
  } catch {
    return undefined;
  }
}

const toBase64 = (text: string): string => Buffer.from(text).toString('base64url');

const fromBase64 = (text: string): string => Buffer.from(text, 'base64url').toString('utf8');
