import { describe, expect, it } from 'vitest';
import { showValue } from '../../src/explain/show-value.ts';

const hidden = { text: '[secret]', isSecret: true };
const shown = (text: string) => ({ text, isSecret: false });

describe('showValue', () => {
  it('hides a setting that is secret by its name or its description', () => {
    expect(showValue(['keys', 0, 'key'], 'sk-team-a-0001')).toEqual(hidden);
    expect(showValue(['redis', 'password'], 'word')).toEqual(hidden);
    expect(showValue(['upstreams', 0, 'credentials', 1, 'api_key'], 'sk')).toEqual(hidden);
    expect(showValue(['upstreams', 0, 'proxy'], 'http://u:p@proxy.example:3128')).toEqual(hidden);
    expect(showValue(['upstreams', 0, 'options', 'oauth_client_secret'], 'x')).toEqual(hidden);
  });

  it('hides every header, whose name the operator chooses', () => {
    expect(showValue(['upstreams', 0, 'headers', 'x-account'], 'blue')).toEqual(hidden);
    expect(showValue(['upstreams', 0, 'options', 'headers', 'x-account'], 'blue')).toEqual(hidden);
  });

  it('hides a value with a variable that has the name of a secret', () => {
    expect(showValue(['server', 'host'], 'word', ['TEAM_TOKEN'])).toEqual(hidden);
    expect(showValue(['server', 'host'], 'word', ['TEAM_HOST'])).toEqual(shown('word'));
  });

  it('shows a word of a list, a path, and a number, whatever the name', () => {
    expect(showValue(['keys', 0, 'anonymous'], 'any_key')).toEqual(shown('any_key'));
    expect(showValue(['redis', 'tls', 'key'], '/etc/key.pem')).toEqual(shown('/etc/key.pem'));
    expect(showValue(['upstreams', 0, 'credentials', 0, 'oauth_file'], '~/a.json')).toEqual(shown('~/a.json'));
    expect(showValue(['limits', 'default_key_concurrency'], 5)).toEqual(shown('5'));
  });

  it('shows a list as JSON, without user and password of its URLs', () => {
    expect(showValue(['server', 'cors', 'origins'], ['https://a.example', '*'])).toEqual(
      shown('["https://a.example","*"]'),
    );
    expect(showValue(['server', 'cors', 'origins'], ['https://u:p@a.example'])).toEqual({
      text: '["https://[secret]@a.example"]',
      isSecret: true,
    });
  });

  it('shows true, false and numbers as JSON', () => {
    expect(showValue(['server', 'trust_proxy'], false)).toEqual(shown('false'));
    expect(showValue(['retry', 'jitter'], 0.25)).toEqual(shown('0.25'));
  });
});
