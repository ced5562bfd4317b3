import type { IncomingHttpHeaders } from 'node:http';
import { GatewayError } from '@sluice/protocol';

/** Facts about the sender of a request that its headers tell, for the ledger. They grant nothing. */
export interface Attribution {
  readonly tags: readonly string[];
  readonly sessionId: string | undefined;
  readonly agent: string | undefined;
}

const mostTags = 16;
const tagPattern = /^[\w.:/@=+-]{1,64}$/;

/** Headers in which known clients send the id of their session: Claude Code, Codex, OpenCode. */
const sessionHeaders = ['x-claude-code-session-id', 'session-id', 'session_id', 'x-session-id'] as const;
const sessionPattern = /^[\w.:/@=+-]{1,128}$/;

/** Agents by a part of their user agent. */
const agentPattern =
  /\b(claude-cli|codex|opencode|qwen-?code|gemini-?cli|aider|cline|roo-?code|kilo-?code|cursor|continue|goose|zed)(?![a-z])/i;
const agentNames: Readonly<Record<string, string>> = {
  'claude-cli': 'claude-code',
  qwencode: 'qwen-code',
  geminicli: 'gemini-cli',
  roocode: 'roo-code',
  kilocode: 'kilo-code',
};

/**
 * Reads who sent a request. A session id or user agent that is not understood is left out.
 * @param ownTags tags of the client key; the header adds to them
 * @throws GatewayError 400 for a wrong `x-sluice-tags`
 */
export function readAttribution(headers: IncomingHttpHeaders, ownTags: readonly string[] = []): Attribution {
  const sent = headers['x-sluice-tags'];
  return {
    tags: sent === undefined ? ownTags : [...new Set([...ownTags, ...readTags(String(sent))])],
    sessionId: sessionOf(headers),
    agent: agentOf(headers),
  };
}

function readTags(header: string): string[] {
  const tags = header
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
  const wrong = tags.find((tag) => !tagPattern.test(tag));
  if (wrong !== undefined) {
    throw tagError(
      `A tag has 1 to 64 letters, digits or characters of "._:/@=+-"; one of them is "${wrong.slice(0, 64)}".`,
    );
  }
  if (tags.length > mostTags) throw tagError(`At most ${mostTags} tags are allowed; there are ${tags.length}.`);
  return tags;
}

const tagError = (message: string): GatewayError =>
  new GatewayError('invalid_value', {
    message: `The header 'x-sluice-tags' is invalid: a comma-separated list of tags is expected. ${message}`,
    param: 'x-sluice-tags',
  });

function sessionOf(headers: IncomingHttpHeaders): string | undefined {
  for (const name of sessionHeaders) {
    const value = headers[name];
    if (typeof value === 'string' && sessionPattern.test(value)) return value;
  }
  return undefined;
}

function agentOf(headers: IncomingHttpHeaders): string | undefined {
  const [, found] = agentPattern.exec(headers['user-agent'] ?? '') ?? [];
  if (found !== undefined) return agentNames[found.toLowerCase()] ?? found.toLowerCase();
  // OpenCode sends the user agent of its SDK, but no other client sends this header.
  return headers['x-session-affinity'] === undefined ? undefined : 'opencode';
}
