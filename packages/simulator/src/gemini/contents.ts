import type { Failure } from '../server/provider.ts';
import { invalidArgument } from './errors.ts';
import { asList, asObject, type Fields, unknownField } from './fields.ts';

const partNames = [
  'text',
  'thought',
  'thoughtSignature',
  'inlineData',
  'fileData',
  'functionCall',
  'functionResponse',
  'videoMetadata',
  'mediaResolution',
];

export interface ContentRules {
  /** Refuses a turn whose first call lacks a signature. */
  readonly needsSignatures: boolean;
}

/** Returns a conversation in OpenAI's form, or the error that Gemini would give. */
export function toMessages(fields: Fields, { needsSignatures }: ContentRules): readonly object[] | Failure {
  const contents = asList(fields['contents']);
  const turns = toTurns(contents);
  for (const [at, { role, parts }] of turns.entries()) {
    const fault = parts.map((part) => unknownField(part, partNames, `contents[${at}].parts`)).find(Boolean);
    if (fault !== undefined) return fault;
    if (parts.length === 0)
      return invalidArgument(`* GenerateContentRequest.contents[${at}].parts: must not be empty.`);
    if (role !== 'user' && role !== 'model') return invalidArgument('Please use a valid role: user, model.');
    const calls = parts.filter((part) => 'functionCall' in part);
    const before = turns[at - 1];
    const asked = (before?.parts ?? []).filter((part) => 'functionCall' in part);
    const results = parts.filter((part) => 'functionResponse' in part);
    if (asked.length !== results.length) return unequalParts;
    if (calls.length > 0 && before?.role !== 'user') return callOutOfTurn;
    if (needsSignatures && calls[0] !== undefined && typeof calls[0]['thoughtSignature'] !== 'string') {
      return unsigned(String(asObject(calls[0]['functionCall'])['name']));
    }
  }
  const instruction = textOf(asList(asObject(fields['systemInstruction'])['parts']));
  return [
    ...(instruction === '' ? [] : [{ role: 'system', content: instruction }]),
    ...turns.flatMap(({ role, parts }) => (role === 'model' ? [toAssistant(parts)] : toUser(parts))),
  ];
}

interface Turn {
  readonly role: unknown;
  readonly parts: readonly Fields[];
}

/** Merges consecutive contents of one role: Google's SDK sends back each event of a stream as a separate content. */
function toTurns(contents: readonly Fields[]): readonly Turn[] {
  const turns: { role: unknown; parts: Fields[] }[] = [];
  for (const { role, parts } of contents) {
    const last = turns.at(-1);
    if (last !== undefined && last.role === role) last.parts.push(...asList(parts));
    else turns.push({ role, parts: [...asList(parts)] });
  }
  return turns;
}

const unequalParts = invalidArgument(
  'Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.',
);

const callOutOfTurn = invalidArgument(
  'Please ensure that function call turn comes immediately after a user turn or after a function response turn.',
);

const unsigned = (name: string): Failure =>
  invalidArgument(`Function call is missing a thought_signature in functionCall parts: function call \`${name}\`.`);

function toAssistant(parts: readonly Fields[]): object {
  const calls = parts.filter((part) => 'functionCall' in part).map((part) => asObject(part['functionCall']));
  return {
    role: 'assistant',
    content: textOf(parts.filter((part) => part['thought'] !== true)),
    ...(calls.length === 0
      ? {}
      : { tool_calls: calls.map(({ name, args }) => ({ function: { name, arguments: args } })) }),
  };
}

function toUser(parts: readonly Fields[]): readonly object[] {
  const results = parts.filter((part) => 'functionResponse' in part);
  const others = parts.filter((part) => !('functionResponse' in part));
  const isText = others.every((part) => 'text' in part);
  return [
    ...results.map((part) => ({ role: 'tool', content: asObject(part['functionResponse'])['response'] })),
    ...(others.length === 0 ? [] : [{ role: 'user', content: isText ? textOf(others) : others }]),
  ];
}

const textOf = (parts: readonly Fields[]): string =>
  parts.map(({ text }) => (typeof text === 'string' ? text : '')).join('');
