import { describe, expect, it } from 'vitest';
import { readAttribution } from '../../../src/inference/accounting/attribution.ts';

describe('the sender of a request', () => {
  it('has the tags of its key, and those of its header once', () => {
    const { tags } = readAttribution({ 'x-sluice-tags': ' app:web, team/a ,,nightly,app:web' }, ['nightly']);
    expect(tags).toEqual(['nightly', 'app:web', 'team/a']);
    expect(readAttribution({}, ['nightly']).tags).toEqual(['nightly']);
    expect(readAttribution({}).tags).toEqual([]);
  });

  it.each([
    ['has a character', 'a,b c'],
    ['is too long', 'x'.repeat(65)],
    ['is one too many', Array.from({ length: 17 }, (_, at) => `t${at}`).join()],
  ])('is told with 400 that a tag %s', (_what, header) => {
    expect(() => readAttribution({ 'x-sluice-tags': header })).toThrow(
      expect.objectContaining({ code: 'invalid_value', status: 400, param: 'x-sluice-tags' }) as Error,
    );
  });

  it.each([
    ['x-claude-code-session-id', '0c7e-1'],
    ['session-id', '0199'],
    ['session_id', '0199'],
    ['x-session-id', 'ses_1'],
  ])('has a session if its client sends %s', (name, id) => {
    expect(readAttribution({ [name]: id }).sessionId).toBe(id);
    expect(readAttribution({ [name]: 'with blanks' }).sessionId).toBeUndefined();
  });

  it.each([
    ['claude-cli/2.1.332 (external, cli)', 'claude-code'],
    ['codex_cli_rs/0.171.0 (Debian 12; x86_64)', 'codex'],
    ['codex_exec/0.171.0', 'codex'],
    ['opencode/1.18.33', 'opencode'],
    ['QwenCode/0.24.4 (linux; x64)', 'qwen-code'],
    ['GeminiCLI/0.61.0', 'gemini-cli'],
    ['OpenAI/JS 5.11.0', undefined],
    [undefined, undefined],
  ])('is the agent of its user agent: %s', (userAgent, agent) => {
    expect(readAttribution(userAgent === undefined ? {} : { 'user-agent': userAgent }).agent).toBe(agent);
  });

  it('is OpenCode if it sends its header', () => {
    const headers = { 'user-agent': 'ai-sdk/provider-utils/4 runtime/bun/1.3', 'x-session-affinity': 's' };
    expect(readAttribution(headers).agent).toBe('opencode');
  });
});
