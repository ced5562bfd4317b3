import type { FailureRule } from './failure-rule.ts';
import { anyOf, word } from './rule-patterns.ts';

/* Rules about the request: content, length, model, URL. None of them puts a credential in cooldown. */

/** Statuses with which servers report that a request is too long, or that the model does not exist. */
const aboutRequest = [400, 404, 410, 413, 414, 422, 500, 501, 502, 503];

/** The provider refuses the content. */
export const contentRefused: readonly FailureRule[] = [
  {
    code: anyOf(
      /content[._-]?(?:filter|policy|moderation|safety|blocked|risk)/,
      /responsibleai/,
      /^(?:data_?inspection_?failed|flagged_input|moderation(?:_blocked|_error)?|safety(?:_violation)?|prompt_blocked|prompt_filtered|invalid_prompt|prohibited_content|blocklist|recitation|guardrails?_\w+)$/,
      /sensitive(?:content|_words?|_word_detected)/,
      /new_sensitive/,
      /safety_check/,
      /violates (?:our )?usage (?:guidelines|policies)/,
    ),
    kind: 'content_policy',
  },
  {
    text: anyOf(
      /content (?:management|filter(?:ing)?|moderation|safety|usage) polic/,
      /content[ _-]filter/,
      /content polic/,
      /content exists? risk/,
      /violat\w{1,4} (?:\S+ ){0,4}(?:usage|use|content|safety|community|moderation) (?:guidelines?|polic\w{1,3}|standards|rules)/,
      /(?:usage|safety|community) guidelines/,
      /against (?:the|our) (?:\S+ ){0,3}(?:rules|polic\w{1,3}|guidelines)/,
      /usage polic/,
      /safety (?:system|filter|polic|reasons)/,
      /safety_check_type/,
      /(?:was|been|is|are) flagged (?:as|for|by)/,
      /(?:input|prompt|content|output|text|message|request) (?:was|were|is|has been) flagged/,
      /\bflagged as potentially/,
      /requires moderation/,
      /(?:failed|blocked by|rejected by|did not pass) (?:\S+ ){0,2}moderation/,
      /(?:inappropriate|prohibited|unsafe|harmful|objectionable|sensitive) (?:or \w+ )?(?:content|words?|information)/,
      /considered high risk/,
      /high[- ]risk content/,
      /blocked (?:input|output)/,
      /(?:prompt|input|output|content|response) (?:was |were |is |has been )?(?:blocked|filtered) (?:by|due to|because|for)/,
      /responsible ai/,
      /data inspection/,
      /new_sensitive/,
      /prompt injection detected/,
    ),
    kind: 'content_policy',
  },
  {
    text: anyOf(
      /敏感(?:内容|信息|词|词汇)/,
      /不安全(?:内容|或敏感)/,
      /违规(?:内容|信息|词)/,
      /(?:内容|输入|输出|提示词?|文本)[^。\n]{0,12}(?:违规|违反|不合规|不当|敏感|风险|审核|安全)/,
      /(?:审核|安全检测|内容安全)[^。\n]{0,6}(?:未通过|不通过|拦截|失败)/,
      /涉黄/,
      /涉政/,
      /涉暴/,
    ),
    kind: 'content_policy',
  },
  { status: [403], code: /^flagged_reasons$/, kind: 'content_policy' },
];

/** The request has more tokens than the credential may use per minute. */
export const moreThanAMinute: readonly FailureRule[] = [
  // Waiting does not help, and a cooldown would affect all other clients.
  {
    status: [400, 413, 429],
    text: /request too large for .{1,200}(?:tokens per min|TPM)|requested tokens? exceeds? .{0,40}(?:per[- ]minute|TPM)/is,
    kind: 'context_length',
  },
];

/** The request has too many tokens. */
export const tooLong: readonly FailureRule[] = [
  // Any status may carry it. Token rate limits match an earlier rule.
  {
    status: aboutRequest,
    code: word(
      'context_(?:length|window)_exceeded',
      'contextwindowexceedederror',
      'exceed_context_size_error',
      'model_context_window_exceeded',
      'prompt_too_long',
      'tokens_limit_reached',
      'token_limit_exceeded',
      'max_tokens_exceeded',
      'input_too_long',
      'request_too_large',
    ),
    kind: 'context_length',
  },
  {
    status: aboutRequest,
    text: anyOf(
      /max(?:imum)? (?:context|prompt|input|sequence|model) (?:length|window|size|tokens?)/,
      /context (?:length|window|size|limit|overflow)/,
      /max_model_len/,
      /(?:prompt|input|messages?|request|conversation|history) (?:is|are|was|too|exceeds? and is) ?(?:too )?(?:long|large for (?:the |this )?(?:model|context))/,
      /too many (?:input |prompt |total )?tokens/,
      /longer than the model/,
      /token (?:limit|count|budget)[^.\n]{0,40}exceed/,
      /exceed\w{0,3} (?:\S+ ){0,4}(?:token limit|max(?:imum)? (?:number of )?(?:input |prompt |context )?(?:tokens|length))/,
      /(?<!\w)tokens? exceed/,
      /input token count/,
      /prompt token count/,
      /number of (?:input |prompt )?tokens[^.\n]{0,60}exceed/,
      /range of input length/,
      /input length (?:should|must|exceeds?|and)/,
      /`?inputs`? (?:tokens|must have less)/,
      /max_(?:total|input)_tokens/,
      /reduce (?:the |your )?(?:length|size) of (?:the |your )?(?:messages?|prompt|input|conversation)/,
      /request body too large for \S+ model/,
      /greater than the context/,
    ),
    kind: 'context_length',
  },
  {
    status: aboutRequest,
    text: /(?:上下文|提示词?|prompt|输入|消息|文本|请求)[^。\n]{0,16}(?:超长|过长|太长|超过|超出|超限)|(?:超过|超出)[^。\n]{0,16}(?:上下文|最大长度|长度限制|token)|token[^。\n]{0,12}(?:超过|超出|超限)/i,
    kind: 'context_length',
  },
];

/** The model or the URL does not exist. */
export const noSuchModel: readonly FailureRule[] = [
  // The model does not exist, by text.
  {
    status: [400, 403, 404, 410, 422],
    text: anyOf(
      /\b(?:models?|deployment|engine)(?: (?:id|name))?:? (?:(?:[`'"“][^`'"”\n]{1,200}[`'"”]|[\w./:@-]{1,200}) )?(?:(?:is|was|has been|does|do|could|can) )?(?:currently |already |permanently )?(?:not (?:be )?(?:found|exists?|supported|available|valid|recogni[sz]ed|loaded|deployed|a valid model)|n't exist|decommissioned|deprecated and|retired|no longer (?:available|supported|exists?)|been (?:removed|shut down|deprecated|decommissioned|retired)|unknown|unavailable)\b/,
      /doesn't exist or you (?:do not|don't) have access/,
      /no such (?:model|deployment)/,
      /(?:unknown|invalid|unrecogni[sz]ed|non-?existent|unsupported) (?:model|deployment)(?! (?:output|response|parameter|input|type|config))\b/,
      /not a valid model/,
      /model \S{1,200} (?:is )?not (?:a )?valid/,
      /is not found for api version/,
      /try pulling it/,
      /no models? (?:is |are )?(?:currently )?loaded/,
      /(?:could not|cannot|can't) find (?:the )?model/,
      /no (?:available )?(?:channels?|endpoints?|providers?|deployments?) (?:available |found )?(?:for|under|matching|that)/,
      /model_not_exist/,
      /api deployment for this resource does not exist/,
    ),
    kind: 'not_found',
  },
  {
    text: /模型[^。\n]{0,40}(?:不存在|未找到|找不到|已下线|已停用|已弃用|无效)|(?:不存在|未找到|找不到|无效)(?:的|该|此|指定的?)?模型/,
    kind: 'not_found',
  },

  // A router in front of other servers finds none with this model.
  {
    status: aboutRequest,
    text: anyOf(
      /no (?:available )?channels? (?:available |found )?(?:for|under)/,
      /no such model/,
      /unknown model/,
      /try pulling it/,
      /model (?:[`'"][^`'"\n]{1,200}[`'"]|[\w./:@-]{1,200}) (?:was |is )?(?:not found|does not exist)/,
    ),
    kind: 'not_found',
  },

  // The URL is wrong, not the model.
  {
    status: [404],
    text: anyOf(
      /^(?:404:? ?)?(?:page |url |path |route |resource |endpoint )?not found\.?$/,
      /unknown (?:request )?(?:url|path|route|endpoint)/,
      /invalid url/,
      /cannot (?:get|post) \//,
      /no route matched/,
      /no (?:static )?resource \S+/,
      /404 page not found/,
      /unrecognized request url/,
      /no handler found/,
      /unexpected endpoint or method/,
    ),
    kind: 'unexpected',
  },
  { status: [404], form: 'page', kind: 'unexpected' },
  // A page comes from a firewall or proxy in front of the provider and concerns neither the request nor the credential.
  { status: [400, 403, 451], form: 'page', kind: 'unexpected' },

  // The model does not exist, by code; placed after the rules about URLs, for which some servers send the same code.
  {
    code: word(
      'model_?not_?(?:found|exists?|available|supported)(?:_error)?',
      'model[._]not_?found',
      'unknown_?model',
      'invalid_?model(?:_name|_error)?',
      'no_such_model',
      'model_(?:decommissioned|deprecated|retired|removed|terminated)',
      'modeldeprecated',
      'deployment_?not_?found',
      'unavailable_model',
      'unsupported_model',
      String.raw`InvalidEndpointOrModel\.NotFound`,
      String.raw`InvalidEndpoint\.ClosedEndpoint`,
      'NOT_FOUND',
      'not_found_error',
    ),
    kind: 'not_found',
  },
];
