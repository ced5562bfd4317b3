import { toClientError } from '@sluice/policy';
import { errorTable, type FailureKind, failureKinds } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';

const said = (kind: FailureKind, message: string, code?: string): string =>
  toClientError({ kind, message, ...(code === undefined ? {} : { code }) }).message;

describe('the message of a provider for the client', () => {
  const account = 'Your account org-SECRET1 (Acme Inc.) owes $12 at https://billing.acme.internal/42';

  it.each(['rate_limit', 'quota', 'authentication', 'permission', 'certificate'] as const)(
    'is withheld for kind %s: it describes the account',
    (kind) => {
      const error = toClientError({ kind, message: account, code: 'org-SECRET1', param: 'org-SECRET1' });
      expect(`${error.message} ${error.upstreamCode}`).not.toMatch(/SECRET1|Acme|acme|\$12/);
      expect(error.param).toBeUndefined();
      expect(error.message.length).toBeGreaterThan(10);
    },
  );

  it.each(failureKinds)('holds no id, key or address for kind %s', (kind) => {
    const message = `${account}; key sk-abc123def456, host 10.1.2.3:8000, /srv/models/llama`;
    const error = toClientError({ kind, message, code: 'https://10.1.2.3/x', param: 'http://10.1.2.3/x' });
    expect(`${error.message} ${error.upstreamCode} ${error.param}`).not.toMatch(
      /SECRET1|sk-abc|10\.1\.2\.3|acme\.internal/,
    );
  });

  it.each([
    'upstream connect error: connect ECONNREFUSED 10.0.3.17:8000',
    'dial tcp [::1]:11434: connect: connection refused',
    'no healthy upstream for gpu-node-17.internal',
    'Cannot reach http://vllm:8000/v1/completions',
    'proxy error: https://user:pw@proxy.corp:3128',
    'Post "https://mycompany.openai.azure.com/openai/deployments/x": EOF',
    'bedrock-runtime.eu-west-1.amazonaws.com timed out',
    'open /var/lib/ollama/models/blobs/sha256-12: no such file or directory',
    'C:\\models\\llama.gguf could not be read',
    'Traceback (most recent call last):\n  File "/app/main.py", line 12, in run',
    'TypeError: x is not a function\n    at handler (/srv/app/index.js:10:5)',
    'java.lang.NullPointerException: null',
    'org.springframework.web.client.ResourceAccessException: I/O error',
    'panic: runtime error\ngoroutine 12 [running]:',
    'CUDA error at kernel.cu:123',
    'internal error in org-AbCdEf123456',
    'worker of project proj_9a8b7c failed',
    'key sk-proj-12ab is over its budget',
    'please write to ops@acme.example',
    'see status.example.com',
    'ray::Actor 0x7f3a9c2b1d00 died',
  ])('is replaced for a broken server if it shows internals: %s', (message) => {
    for (const kind of ['server', 'busy', 'network'] as const) expect(said(kind, message)).toBe('The provider failed.');
    expect(said('timeout', message)).toBe(errorTable.upstream_timeout.message);
  });

  it.each([
    'The server had an error processing your request. Sorry about that!',
    'Overloaded',
    'The model is overloaded. Please try again later.',
    'system busy',
    'The provider refused the connection.',
    'Service temporarily unavailable (request 1f3a)',
    '服务繁忙，请稍后再试',
  ])('is passed on for a broken server if it is harmless: %s', (message) => {
    expect(said('server', message)).toBe(message);
  });

  it.each<[string, string]>([
    [
      'The model `gpt-9` does not exist or you do not have access to it.',
      'The model `gpt-9` does not exist or you do not have access to it.',
    ],
    ["This model's maximum context length is 8192 tokens.", "This model's maximum context length is 8192 tokens."],
    ["Invalid type for 'messages[2].content'.", "Invalid type for 'messages[2].content'."],
    [
      '`tool_use` ids were found without `tool_result` blocks: toolu_01ABC.',
      '`tool_use` ids were found without `tool_result` blocks: toolu_01ABC.',
    ],
    [
      'Use max_completion_tokens; see https://platform.openai.com/docs/api-reference',
      'Use max_completion_tokens; see https://platform.openai.com/docs/api-reference',
    ],
    ['Could not load https://example.com/cat.png', 'Could not load https://example.com/cat.png'],
    ['Project `proj_abc123` has no model `gpt-4o`', 'Project `…` has no model `gpt-4o`'],
    ['The model is not in organization org-AbC123def on us-east.', 'The model is not in organization … on us-east.'],
    [
      'Request too large for gpt-4o in organization org-abcdefghijkl on tokens per min',
      'Request too large for gpt-4o in organization … on tokens per min',
    ],
    ['Bad call for project_number:348715329010.', 'Bad call for ….'],
    ["consumer 'projects/348715329010' may not", "consumer '…' may not"],
    ['Your account org-0a1b<ak-9x8y7z> sent a bad field', 'Your account …<…> sent a bad field'],
    ['Key sk-ab***yz sent a bad field', 'Key … sent a bad field'],
    ['organization "Acme Inc" sent a bad field', 'organization … sent a bad field'],
    ['mail support+7@acme.example about this', 'mail … about this'],
    ['At http://10.0.0.5:8000/v1: bad field', 'At … bad field'],
    ['At http://vllm:8000/v1 there is a bad field', 'At … there is a bad field'],
    ['At http://localhost/v1 there is a bad field', 'At … there is a bad field'],
    ['At https://acme.openai.azure.com/openai/deployments/x is a bad field', 'At … is a bad field'],
    ['node gpu-7.prod.internal:8000 found a bad field', 'node … found a bad field'],
  ])('loses ids and internal addresses for an invalid request: %s', (message, clean) => {
    for (const kind of ['invalid_request', 'context_length', 'content_policy', 'not_found'] as const) {
      expect(said(kind, message)).toBe(clean);
    }
  });

  it('is cleaned in under 20 ms for every text', () => {
    for (const text of [
      'a.'.repeat(500),
      'org-'.repeat(250),
      '1.'.repeat(500),
      ':'.repeat(1000),
      'f'.repeat(1000),
      '/a'.repeat(500),
      'http://'.repeat(140),
      'account "'.repeat(110),
      'key-'.repeat(250),
      '*'.repeat(1000),
      'a_'.repeat(500),
      'x@'.repeat(500),
      `a${'-'.repeat(990)}`,
    ]) {
      const times = [1, 2, 3].map(() => {
        const before = performance.now();
        said('server', text);
        said('invalid_request', text);
        return performance.now() - before;
      });
      expect([text.slice(0, 10), Math.min(...times) < 20]).toEqual([text.slice(0, 10), true]);
    }
  });
});

describe('the error code for the client', () => {
  it.each<[FailureKind, string | undefined, string, number]>([
    ['context_length', undefined, 'context_length_exceeded', 400],
    ['context_length', 'context_length_exceeded', 'context_length_exceeded', 400],
    ['context_length', 'request_too_large', 'request_too_large', 413],
    ['content_policy', 'content_filter', 'content_policy_violation', 400],
    ['content_policy', 'permission-denied', 'content_policy_violation', 400],
    ['not_found', 'DeploymentNotFound', 'model_not_found', 404],
    ['permission', 'model_not_allowed', 'model_not_found', 404],
    ['permission', 'x', 'upstream_authentication', 502],
    ['quota', 'insufficient_quota', 'upstream_rate_limited', 429],
    ['rate_limit', 'rate_limit_exceeded', 'upstream_rate_limited', 429],
    ['certificate', 'certificate_expired', 'certificate_expired', 502],
    ['server', 'server_error', 'server_error', 502],
    ['server', 'The caller does not have permission', 'upstream_error', 502],
    ['server', 'http://10.0.0.1', 'upstream_error', 502],
    ['invalid_request', 'unsupported_value', 'unsupported_value', 400],
  ])('for %s with the code %s is %s, status %i', (kind, code, shown, status) => {
    const error = toClientError({ kind, message: 'x', code });
    expect(error.upstreamCode ?? error.code).toBe(shown);
    expect(error.status).toBe(status);
  });

  it.each<[string, RegExp]>([
    ['certificate_expired', /expired/],
    ['certificate_wrong_host', /another host/],
    ['certificate_self_signed', /self-signed/],
    ['certificate_unknown_authority', /unknown authority/],
    ['certificate_required', /requires a client certificate/],
    ['client_certificate_refused', /does not accept the gateway's certificate/],
    ['other', /not acceptable/],
  ])('for a certificate comes with a fixed message: %s', (code, message) => {
    expect(toClientError({ kind: 'certificate', message: 'CN=acme.internal', code }).message).toMatch(message);
  });
});

describe('x-should-retry', () => {
  it.each(failureKinds)('is false for kind %s if the provider sends false', (kind) => {
    expect(toClientError({ kind, message: '', shouldRetry: false }).retryable).toBe(false);
  });

  it('is false for failures that repeat, else as in the error table', () => {
    const final = failureKinds.filter((kind) => !toClientError({ kind, message: '' }).retryable);
    expect(final.sort()).toEqual(
      [
        'authentication',
        'certificate',
        'content_policy',
        'context_length',
        'invalid_request',
        'malformed',
        'not_found',
        'permission',
        'unexpected',
        'unsupported',
      ].sort(),
    );
  });

  it.each(failureKinds)('is true for kind %s if the provider sends true', (kind) => {
    expect(toClientError({ kind, message: '', shouldRetry: true }).retryable).toBe(true);
  });
});
