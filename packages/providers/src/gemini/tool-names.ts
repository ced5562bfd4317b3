import type { ChatBody } from '@sluice/protocol';
import { createDistinctIds } from '../answer/distinct-ids.ts';

/** Maps the names of the client's functions to names that Gemini accepts, and back. */
export interface ToolNames {
  toGemini(name: string): string;
  fromGemini(name: string): string;
}

const mostCharacters = 128;
/** https://ai.google.dev/api/caching#FunctionDeclaration; OpenAI allows names that begin with a digit or a dash. */
const rule = /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/;

/**
 * Replaces names that Gemini refuses, in declarations, choices and histories alike; distinct names remain distinct. A
 * history may contain any name: other providers have other rules.
 */
export function toolNamesOf(request: Pick<ChatBody, 'tools' | 'messages'>): ToolNames {
  const names = new Set([...declaredNames(request), ...calledNames(request)]);
  const bad = [...names].filter((name) => !rule.test(name));
  if (bad.length === 0) return { toGemini: (name) => name, fromGemini: (name) => name };
  const distinct = createDistinctIds(mostCharacters);
  for (const name of names) if (rule.test(name)) distinct.take(name);
  const mapped = new Map(bad.map((name) => [name, distinct.take(toAllowed(name))]));
  const back = new Map([...mapped].map(([name, allowed]) => [allowed, name]));
  return {
    toGemini: (name) => mapped.get(name) ?? name,
    fromGemini: (name) => back.get(name) ?? name,
  };
}

function toAllowed(name: string): string {
  const allowed = name.replaceAll(/[^A-Za-z0-9_.:-]/g, '_');
  return /^[A-Za-z_]/.test(allowed) ? allowed : `_${allowed}`;
}

const declaredNames = ({ tools = [] }: Pick<ChatBody, 'tools'>): readonly string[] =>
  tools.flatMap((tool) => (tool.type === 'function' ? [tool.function.name] : []));

const calledNames = ({ messages = [] }: Pick<ChatBody, 'messages'>): readonly string[] =>
  messages.flatMap((message) =>
    message.role === 'assistant'
      ? (message.tool_calls ?? []).flatMap((call) => (call.type === 'function' ? [call.function.name] : []))
      : [],
  );
