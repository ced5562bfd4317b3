import type { Row } from './row.ts';

const error = (message: string, more: object = {}): object => ({ error: { message, ...more } });

/** Servers with OpenAI's protocol, by type `openai`. Bodies as these servers send them, with invented names and ids. */
export const openaiRows: readonly Row[] = [
  // Gateways of all kinds
  [
    413,
    '<html><head><title>413 Request Entity Too Large</title></head></html>',
    'context_length',
    { code: 'request_too_large' },
  ],
  [413, '', 'context_length', { code: 'request_too_large' }],
  // OpenAI
  [
    401,
    error('Incorrect API key provided: sk-ab***cd.', { type: 'invalid_request_error', code: 'invalid_api_key' }),
    'authentication',
  ],
  [
    401,
    error('You must be a member of an organization to use the API.', { type: 'invalid_request_error', code: null }),
    'authentication',
  ],
  [
    429,
    error('You exceeded your current quota, please check your plan and billing details.', {
      type: 'insufficient_quota',
      param: null,
      code: 'insufficient_quota',
    }),
    'quota',
  ],
  [429, error('You exceeded your current quota, please check your plan and billing details.'), 'quota'],
  [
    400,
    error('Billing hard limit has been reached', { code: 'billing_hard_limit_reached', type: 'invalid_request_error' }),
    'quota',
  ],
  [
    429,
    error('Your account is not active, please check your billing details on our website.', {
      type: 'billing_not_active',
      code: 'billing_not_active',
    }),
    'quota',
  ],
  [
    429,
    error(
      'Rate limit reached for gpt-4o in organization org-abc123 on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s. Visit https://platform.openai.com/account/rate-limits to learn more.',
      { type: 'requests', code: 'rate_limit_exceeded' },
    ),
    'rate_limit',
    { rateLimitScope: undefined, retryAfterMs: 20_000 },
  ],
  [
    429,
    error(
      'Request too large for gpt-4o in organization org-abc123 on tokens per min (TPM): Limit 30000, Requested 40000. The input or output tokens must be reduced in order to run successfully.',
      { type: 'tokens', code: 'rate_limit_exceeded' },
    ),
    'context_length',
  ],
  [
    429,
    error('That model is currently overloaded with other requests. You can retry your request.', {
      type: 'server_error',
    }),
    'server',
  ],
  [
    404,
    error('The model `gpt-9` does not exist or you do not have access to it.', {
      type: 'invalid_request_error',
      code: 'model_not_found',
    }),
    'not_found',
  ],
  [
    404,
    error(
      'The model `text-davinci-003` has been deprecated, learn more here: https://platform.openai.com/docs/deprecations',
      { code: 'model_not_found' },
    ),
    'not_found',
  ],
  [
    403,
    error('Project `proj_abc` does not have access to model `gpt-4o`', {
      type: 'invalid_request_error',
      code: 'model_not_found',
    }),
    'permission',
    { code: 'model_not_allowed' },
  ],
  [404, error('Invalid URL (POST /v1/chat/completionss)', { type: 'invalid_request_error' }), 'unexpected'],
  [
    403,
    error('Country, region, or territory not supported', {
      code: 'unsupported_country_region_territory',
      type: 'request_forbidden',
    }),
    'permission',
  ],
  [403, error('You are not allowed to sample from this model', { type: 'invalid_request_error' }), 'permission'],
  [
    400,
    error("This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.", {
      code: 'context_length_exceeded',
      param: 'messages',
    }),
    'context_length',
  ],
  [
    400,
    error('Your input exceeds the context window of this model. Please adjust your input and try again.', {
      code: 'context_length_exceeded',
    }),
    'context_length',
  ],
  [
    400,
    error('Invalid prompt: your prompt was flagged as potentially violating our usage policy.', {
      code: 'invalid_prompt',
      type: 'invalid_request_error',
    }),
    'content_policy',
  ],
  [
    400,
    error('Your request was rejected as a result of our safety system.', { code: 'content_policy_violation' }),
    'content_policy',
  ],
  [
    400,
    error('Your request was rejected by the safety system.', {
      code: 'moderation_blocked',
      type: 'image_generation_user_error',
    }),
    'content_policy',
  ],
  [
    401,
    error('Your account has been deactivated, check your email for more information.', { code: 'account_deactivated' }),
    'permission',
  ],
  [
    403,
    error('Your access was terminated due to violation of our policies, please check your email.', {
      code: 'access_terminated',
    }),
    'permission',
  ],
  [
    400,
    error("Invalid type for 'messages': expected an array.", { param: 'messages', code: 'invalid_type' }),
    'invalid_request',
    { param: 'messages', code: 'invalid_type' },
  ],
  [
    400,
    error(
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
      { param: 'max_tokens', code: 'unsupported_parameter' },
    ),
    'invalid_request',
  ],
  [400, error("Invalid value: 'flex'. Supported values are: 'auto'.", { param: 'service_tier' }), 'invalid_request'],
  [
    500,
    error('The server had an error processing your request. Sorry about that!', { type: 'server_error' }),
    'server',
  ],
  [503, error('The engine is currently overloaded, please try again later', { type: 'server_error' }), 'server'],

  // DeepSeek
  [402, error('Insufficient Balance', { type: 'unknown_error', param: null, code: 'invalid_request_error' }), 'quota'],
  [
    400,
    error('Content Exists Risk', { type: 'invalid_request_error', code: 'invalid_request_error' }),
    'content_policy',
  ],
  [400, error('Model Not Exist', { type: 'invalid_request_error', code: 'invalid_request_error' }), 'not_found'],
  [
    401,
    error('Authentication Fails (no such user)', { type: 'authentication_error', code: 'invalid_request_error' }),
    'authentication',
  ],
  [422, error('Invalid parameters'), 'invalid_request'],
  [
    503,
    'Service is too busy. We advise users to temporarily switch to alternative LLM API service providers.',
    'server',
  ],

  // OpenRouter
  [
    402,
    error('Insufficient credits. Add more using https://openrouter.ai/settings/credits', { code: 402 }),
    'quota',
    { rateLimitScope: undefined },
  ],
  [
    402,
    error(
      'This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens, but can only afford 2000.',
      { code: 402 },
    ),
    'quota',
    { rateLimitScope: 'model' },
  ],
  [
    403,
    error(
      'anthropic/claude-x requires moderation on OpenRouter. Your input was flagged for "violence". No credits were charged.',
      { code: 403, metadata: { reasons: ['violence'], flagged_input: 'x', provider_name: 'Anthropic' } },
    ),
    'content_policy',
  ],
  [403, error('Forbidden', { code: 403, metadata: { reasons: ['self-harm'], provider_name: 'X' } }), 'content_policy'],
  [
    403,
    error('Key limit exceeded (monthly limit). Manage it using https://openrouter.ai/settings/keys', { code: 403 }),
    'quota',
  ],
  [404, error('No endpoints found for acme/model-x.', { code: 404 }), 'not_found'],
  [
    404,
    error('No endpoints found that support tool use. To learn more about provider routing, visit the docs.', {
      code: 404,
    }),
    'not_found',
  ],
  [400, error('acme/nope is not a valid model ID', { code: 400 }), 'not_found'],
  [
    429,
    error('Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day', {
      code: 429,
    }),
    'rate_limit',
    { rateLimitScope: 'account' },
  ],
  [
    429,
    error('Provider returned error', {
      code: 429,
      metadata: {
        raw: 'acme/model:free is temporarily rate-limited upstream. Please retry shortly.',
        provider_name: 'Chutes',
      },
    }),
    'rate_limit',
    { message: 'acme/model:free is temporarily rate-limited upstream. Please retry shortly.' },
  ],
  [
    400,
    error('Provider returned error', {
      code: 400,
      metadata: { raw: JSON.stringify(error("This model's maximum context length is 65536 tokens.")) },
    }),
    'context_length',
  ],
  [
    400,
    error('Provider returned error', {
      code: 400,
      metadata: {
        raw: JSON.stringify({
          type: 'error',
          error: {
            type: 'invalid_request_error',
            message: 'Your credit balance is too low to access the Anthropic API.',
          },
        }),
      },
    }),
    'quota',
  ],
  [502, error('Provider returned error', { code: 502, metadata: { raw: 'upstream connect error' } }), 'server'],

  // xAI
  [403, { code: 'permission-denied', error: 'Content violates usage guidelines. ' }, 'content_policy'],
  [
    403,
    {
      code: 'The caller does not have permission to execute the specified operation',
      error: 'Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO',
    },
    'content_policy',
  ],
  [
    400,
    {
      code: 'Client specified an invalid argument',
      error: 'Incorrect API key provided: xa***bc. You can obtain an API key from the console.',
    },
    'authentication',
  ],
  [
    400,
    {
      code: 'Client specified an invalid argument',
      error: "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    },
    'context_length',
  ],
  [
    404,
    {
      code: 'Some requested entity was not found',
      error: 'The model grok-0 does not exist or your team abc does not have access to it.',
    },
    'not_found',
  ],
  [
    403,
    {
      code: 'The caller does not have permission to execute the specified operation',
      error: 'Your team abc has either used all available credits or reached its monthly spending limit.',
    },
    'quota',
  ],
  [403, { code: 'permission-denied', error: 'The caller is not authorized.' }, 'permission'],

  // Groq
  [
    413,
    error(
      'Request too large for model `llama-3.1-8b-instant` in organization `org_01abc` service tier `on_demand` on tokens per minute (TPM): Limit 6000, Requested 8000, please reduce your message size and try again.',
      { type: 'tokens', code: 'rate_limit_exceeded' },
    ),
    'context_length',
  ],
  [
    400,
    error('The model `x` has been decommissioned and is no longer supported.', {
      type: 'invalid_request_error',
      code: 'model_decommissioned',
    }),
    'not_found',
  ],
  [
    400,
    error('Please reduce the length of the messages or completion.', {
      type: 'invalid_request_error',
      code: 'context_length_exceeded',
      param: 'messages',
    }),
    'context_length',
  ],
  [
    404,
    error('Unknown request URL: POST /openai/v1/chat. Please check the URL for typos.', {
      type: 'invalid_request_error',
      code: 'unknown_url',
    }),
    'unexpected',
  ],
  [498, error('Flex tier capacity exceeded', { type: 'flex', code: 'capacity_exceeded' }), 'server'],
  [
    400,
    error('Organization has been restricted. Please reach out to support.', { code: 'organization_restricted' }),
    'permission',
  ],
  [
    400,
    error('Tool call validation failed', {
      code: 'tool_use_failed',
      type: 'invalid_request_error',
      failed_generation: '{"a":"insufficient balance"}',
    }),
    'invalid_request',
    { code: 'tool_use_failed' },
  ],

  // Mistral
  [
    400,
    { object: 'error', message: 'Invalid model: nope', type: 'invalid_model', param: null, code: '1500' },
    'not_found',
  ],
  [
    400,
    {
      object: 'error',
      message: 'Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
      type: 'invalid_request_prompt',
      code: '3051',
    },
    'context_length',
  ],
  [
    422,
    {
      object: 'error',
      message: { detail: [{ type: 'missing', loc: ['body', 'messages'], msg: 'Field required', input: {} }] },
      type: 'invalid_request_error',
    },
    'invalid_request',
  ],
  [429, { message: 'Requests rate limit exceeded' }, 'rate_limit'],
  [401, { message: 'Unauthorized', request_id: 'x' }, 'authentication'],
  [404, { message: 'no Route matched with those values' }, 'unexpected'],

  // Moonshot
  [
    429,
    error('Your account org-abc<ak-def> is suspended, please check your plan and billing details', {
      type: 'exceeded_current_quota_error',
    }),
    'quota',
  ],
  [
    429,
    error('You exceeded your current token quota, please check your account balance', {
      type: 'exceeded_current_quota_error',
    }),
    'quota',
  ],
  [
    429,
    error(
      'Your account org-0123456789abcdef0123456789abcdef<ak-0123456789abcdef0123> request reached organization max RPM: 3, please try again after 1 seconds',
      { type: 'rate_limit_reached_error' },
    ),
    'rate_limit',
    { rateLimitScope: 'account', retryAfterMs: 1000 },
  ],
  [
    429,
    error('The engine is currently overloaded, please try again later', { type: 'engine_overloaded_error' }),
    'server',
  ],
  [
    400,
    error('The request was rejected because it was considered high risk', { type: 'content_filter' }),
    'content_policy',
  ],
  [
    400,
    error('Invalid request: Your request exceeded model token limit: 8192', { type: 'invalid_request_error' }),
    'context_length',
  ],
  [404, error('Not found the model kimi-x or Permission denied', { type: 'resource_not_found_error' }), 'not_found'],

  // vLLM, SGLang, TGI, llama.cpp, LM Studio
  [
    404,
    { object: 'error', message: 'The model `x` does not exist.', type: 'NotFoundError', param: null, code: 404 },
    'not_found',
  ],
  [
    400,
    {
      object: 'error',
      message: "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.",
      type: 'BadRequestError',
      param: null,
      code: 400,
    },
    'context_length',
  ],
  [
    400,
    {
      object: 'error',
      message: 'The input (5000 tokens) is longer than the model’s context length (4096 tokens).',
      type: 'BadRequestError',
      code: 400,
    },
    'context_length',
  ],
  [
    422,
    {
      error:
        'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 `inputs` tokens and 500 `max_new_tokens`',
      error_type: 'validation',
    },
    'context_length',
  ],
  [429, { error: 'Model is overloaded', error_type: 'overloaded' }, 'server'],
  [
    400,
    error('the request exceeds the available context size, try increasing it', {
      code: 400,
      type: 'exceed_context_size_error',
      n_ctx: 4096,
    }),
    'context_length',
  ],
  [503, error('Loading model', { code: 503, type: 'unavailable_error' }), 'server'],
  [
    404,
    error('No models loaded. Please load a model in the developer page.', {
      type: 'invalid_request_error',
      code: 'model_not_found',
    }),
    'not_found',
  ],
  [
    400,
    error(
      'Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens',
    ),
    'context_length',
  ],
  [404, { detail: 'Not Found' }, 'unexpected'],
  [405, { detail: 'Method Not Allowed' }, 'unexpected'],

  // One API and its kin, LiteLLM
  [
    403,
    error('insufficient user quota: remaining 0', { type: 'new_api_error', code: 'insufficient_user_quota' }),
    'quota',
  ],
  [403, error('用户额度不足, 剩余额度: 0', { type: 'one_api_error', code: 'insufficient_user_quota' }), 'quota'],
  [
    503,
    error('当前分组 default 下对于模型 gpt-9 无可用渠道', { type: 'one_api_error', code: 'model_not_found' }),
    'not_found',
  ],
  [503, error('No available channel for model gpt-9 under group default', { type: 'new_api_error' }), 'not_found'],
  [401, error('无效的令牌', { type: 'one_api_error' }), 'authentication'],
  [
    400,
    error('Budget has been exceeded! Current cost: 10.1, Max budget: 10.0', { type: 'budget_exceeded', code: '400' }),
    'quota',
  ],
  [
    403,
    error('key not allowed to access model. This key can only access models=[x]', {
      type: 'key_model_access_denied',
      code: '403',
    }),
    'permission',
    { code: 'model_not_allowed' },
  ],
  [
    400,
    error(
      'litellm.BadRequestError: Invalid model name passed in model=nope. Call `/v1/models` to view available models for your key.',
      { code: '400' },
    ),
    'not_found',
  ],
  [500, { detail: 'Error code: 429 - {"error":{"message":"Rate limit reached","code":429}}' }, 'rate_limit'],
  [500, error('upstream: bad', { code: 402 }), 'quota'],
  [400, error('', { code: 503 }), 'server'],

  // Volcano Ark, MiniMax, SiliconFlow, GitHub Models, Copilot, Together, Fireworks, Bedrock-like, Hugging Face
  [
    403,
    error('The request failed because your account has an overdue balance.', {
      type: 'Forbidden',
      code: 'AccountOverdueError',
    }),
    'quota',
  ],
  [
    404,
    error('The model or endpoint ep-x does not exist or you do not have access to it.', {
      type: 'NotFound',
      code: 'InvalidEndpointOrModel.NotFound',
    }),
    'not_found',
  ],
  [
    404,
    error('Your account 21000 has not activated the model doubao-x. Please activate the model service.', {
      type: 'NotFound',
      code: 'ModelNotOpen',
    }),
    'permission',
    { code: 'model_not_allowed' },
  ],
  [
    400,
    error('The request failed because the input text may contain sensitive information.', {
      type: 'BadRequest',
      code: 'InputTextSensitiveContentDetected',
    }),
    'content_policy',
  ],
  [
    429,
    error('The service is currently unable to handle the request because the server is overloaded.', {
      type: 'TooManyRequests',
      code: 'ServerOverloaded',
    }),
    'server',
  ],
  [
    429,
    error('The request has exceeded the account rate limit.', {
      type: 'TooManyRequests',
      code: 'AccountRateLimitExceeded',
    }),
    'rate_limit',
    { rateLimitScope: 'account' },
  ],
  [400, { base_resp: { status_code: 1026, status_msg: 'input new_sensitive' } }, 'content_policy'],
  [
    400,
    { base_resp: { status_code: 2013, status_msg: 'invalid params, context window exceeds limit' } },
    'context_length',
  ],
  [402, { base_resp: { status_code: 1008, status_msg: 'insufficient balance' } }, 'quota'],
  [403, { code: 30001, message: 'Sorry, your account balance is insufficient', data: null }, 'quota'],
  [400, { code: 20012, message: 'Model does not exist. Please check it carefully.', data: null }, 'not_found'],
  [
    413,
    error('Request body too large for gpt-4o model. Max size: 8000 tokens.', { code: 'tokens_limit_reached' }),
    'context_length',
  ],
  [
    400,
    error('The requested model is not supported.', {
      code: 'model_not_supported',
      param: 'model',
      type: 'invalid_request_error',
    }),
    'not_found',
  ],
  [
    400,
    error('prompt token count of 70000 exceeds the limit of 64000', { code: 'model_max_prompt_tokens_exceeded' }),
    'context_length',
  ],
  [404, error('Model not found, inaccessible, and/or not deployed', { code: 'NOT_FOUND', type: 'error' }), 'not_found'],
  [412, error('Account is suspended, possibly due to reaching the monthly spending limit', {}), 'quota'],
  [
    400,
    {
      __type: 'com.amazon.coral.service#ThrottlingException',
      message: 'Too many tokens, please wait before trying again.',
    },
    'rate_limit',
  ],
  [429, { message: 'Too many tokens, please wait before trying again.' }, 'rate_limit'],
  [400, { message: 'Input is too long for requested model.' }, 'context_length'],
  [
    403,
    { Message: "You don't have access to the model with the specified model ID." },
    'permission',
    { code: 'model_not_allowed' },
  ],
  [
    403,
    { __type: 'UnrecognizedClientException', message: 'The security token included in the request is invalid.' },
    'authentication',
  ],
  [503, { error: 'Model acme/x is currently loading', estimated_time: 20 }, 'server'],
  [402, { error: 'You have exceeded your monthly included credits for Inference Providers.' }, 'quota'],
  [400, { error: { error: { code: 'content_policy_violation', message: 'no' } } }, 'content_policy'],
  [
    403,
    '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access denied by policy</Message></Error>',
    'permission',
  ],
  [451, error('This content is not available for legal reasons'), 'unexpected'],
];
