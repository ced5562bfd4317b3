import type { FailureRule } from './failure-rule.ts';

/** One of several texts, in any case of letters. */
const anyOf = (...patterns: readonly RegExp[]): RegExp =>
  new RegExp(patterns.map(({ source }) => source).join('|'), 'im');
/** One of several words, as a whole and in any case of letters. */
const word = (...words: readonly string[]): RegExp => new RegExp(`^(?:${words.join('|')})$`, 'i');

/** Statuses under which a server says that a request is too long, or that it has no such model. */
const aboutRequest = [400, 404, 410, 413, 414, 422, 500, 501, 502, 503];

/**
 * What providers say, in words that mean the same wherever they are said. Asked after a provider's own table; the first row
 * that fits counts. Codes are compared as a whole; texts are sentences that providers were seen to send.
 */
export const commonRules: readonly FailureRule[] = [
  // Nothing left to spend, by a code, and accounts that were closed for it.
  {
    code: word(
      'insufficient_(?:user_)?quota',
      'insufficient_(?:balance|credits?|funds)',
      'billing_(?:hard_limit_reached|not_active|error|unavailable)',
      '(?:enforced_)?spend_limit_reached',
      'exceeded_current_quota(?:_error)?',
      'pre_consume_token_quota_failed',
      'quota_(?:exceeded|exhausted)',
      'budget_exceeded',
      'credits?_(?:exhausted|depleted)',
      'no_credits',
      'payment_required(?:_error)?',
      'arrearage',
      'arrears',
      'account_?overdue(?:_?error)?',
      'blocked_api_access',
      'usage_limit_(?:reached|exceeded)',
      String.raw`(?:free_?tier_?only|allocationquota\.freetieronly)`,
      'unpurchased',
      'PrepaidBillOverdue',
      'PostpaidBillOverdue',
    ),
    kind: 'quota',
  },
  {
    text: /\b(?:suspended|disabled|deactivated|blocked|frozen|locked)\b[^.\n]{0,80}\b(?:balance|billing|spend\w*|payment|credits?|overdue|arrears)\b/i,
    kind: 'quota',
  },

  // What is wrong with the account: "disabled for violating our usage policies" is no matter of one prompt.
  {
    code: /^(?:account_(?:deactivated|disabled|suspended)|access_terminated(?:_error)?|organization_disabled)$/i,
    kind: 'permission',
  },
  {
    text: /\b(?:account|organi[sz]ation|workspace|project|api[- ]?key|access)\b[^.\n]{0,40}\b(?:is|was|has been|have been|been)\s(?:\w+ly\s)?(?:disabled|deactivated|suspended|terminated|banned|frozen|locked|restricted)\b/i,
    kind: 'permission',
  },
  { text: /(?:账户|账号|帐号|帐户)[^。\n]{0,12}(?:锁定|封禁|冻结|停用|禁用|封号)/, kind: 'permission' },

  // The content.
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

  // What Google calls a quota is mostly a rate.
  { code: /PerDay/, kind: 'quota' },
  { code: /^RESOURCE_EXHAUSTED$/, kind: 'rate_limit' },
  { code: /^API_KEY_(?:INVALID|EXPIRED)$/, kind: 'authentication' },
  { code: /^BILLING_DISABLED$/, kind: 'quota' },

  // More tokens than this credential has in a minute. Waiting would be in vain, and a rest would hit all other clients.
  {
    status: [400, 413, 429],
    text: /request too large for .{1,200}(?:tokens per min|TPM)|requested tokens? exceeds? .{0,40}(?:per[- ]minute|TPM)/is,
    kind: 'context_length',
  },

  // Nothing left to spend, in words.
  {
    text: anyOf(
      /insufficient (?:account |credit |user |api )?(?:balance|credits?|funds|quota)/,
      /(?:balance|credits?|quota) (?:is |are |has been |have been )?(?:too low|not enough|insufficient|exhausted|depleted|used up|run out)/,
      /not enough (?:balance|credits?|funds|quota)/,
      /exceeded (?:your|the) current quota/,
      /(?:ran|run|running|are|is) out of (?:credits?|balance|funds|money|quota)/,
      /\b(?:no|0|zero) (?:remaining |available |more )?credits?\b/,
      /requires? (?:more|additional) credits/,
      /credits? (?:remaining|left|available): ?0/,
      /billing (?:hard |soft )?limit/,
      /billing (?:is |account )?(?:not active|inactive|disabled)/,
      /payment (?:is )?required/,
      /plans? (?:&|and) billing/,
      /overdue (?:balance|payment|bill)/,
      /account is in good standing/,
      /in arrears?\b/,
      /spend(?:ing)? (?:limit|cap)/,
      /monthly (?:usage |spend(?:ing)? |token )?(?:limit|budget|quota)/,
      /key limit exceeded/,
      /budget (?:has been |is )?exceeded/,
      /exceeded (?:\S+ )?budget/,
      /specified api usage limits/,
      /(?:free|trial) (?:allocated |allocation )?(?:quota|credits?|tier) (?:\S+ )?(?:exceeded|exhausted|expired|used up|ended)/,
      /please (?:recharge|top[- ]?up)/,
    ),
    kind: 'quota',
  },
  {
    text: anyOf(
      /余额(?:不足|已用完|为0|用尽)/,
      /余额已用/,
      /欠费/,
      /(?:额度|配额|资源包|点数|积分)[^。\n]{0,8}(?:不足|用完|用尽|耗尽|已用|过期)/,
      /(?:无可用|没有可用|暂无可用)(?:的)?(?:资源包|额度|余额)/,
      /请(?:及时)?充值/,
      /套餐[^。\n]{0,12}(?:到期|过期|用完|用尽)/,
    ),
    kind: 'quota',
  },

  // One model that this credential may not use.
  {
    status: [400, 401, 403, 404],
    code: word(
      'model_not_allowed',
      'model_?not_?open',
      'model[._]access_?denied',
      'model_access_denied',
      String.raw`accessdenied\.unpurchased`,
      'team_model_access_denied',
      'key_model_access_denied',
    ),
    kind: 'permission',
    says: 'model_not_allowed',
  },
  {
    status: [400, 401, 403],
    text: anyOf(
      /(?:not|n't) (?:have|has) (?:access|permission)(?: to use| for| to)?(?: (?:the|this|that))?(?: requested)? model/,
      /not (?:allowed|permitted|authori[sz]ed|entitled) to (?:access|use|call|invoke)(?: (?:the|this|that))? model/,
      /model[^.\n]{0,60}(?:is|are) not (?:allowed|enabled|included|activated)(?: for| in| on)? (?:your|this) (?:api[- ]?key|key|account|project|plan|team|organi[sz]ation|subscription|tier)/,
      /not (?:activated|subscribed to|purchased) (?:the|this) model/,
      /upgrade (?:\S+ ){0,4}to (?:use|access) this model/,
    ),
    kind: 'permission',
    says: 'model_not_allowed',
  },
  {
    text: /(?:无权|没有权限|未开通|暂未开放|未授权)[^。\n]{0,16}模型|模型[^。\n]{0,24}(?:无权|没有权限|未开通|暂未开放|未授权)/,
    kind: 'permission',
    says: 'model_not_allowed',
  },

  // The provider's load, not the credential's speed.
  {
    status: [429],
    code: /^(?:engine_)?overloaded(?:_error)?$|^serveroverloaded$|^model_?not_?ready(?:exception)?$/i,
    kind: 'server',
  },
  {
    status: [429],
    text: /\b(?:engine|model|server|service|system)\b[^.\n]{0,60}\b(?:is|are) (?:currently |temporarily )?(?:overloaded|at capacity|busy)\b|no capacity available/i,
    kind: 'server',
  },

  // Too fast.
  {
    status: [400, 403, 413, 422, 429, 500, 503],
    code: word(
      'rate_?limit(?:_exceeded|_error|_reached|_reached_error|ed|exceeded)?',
      'ratelimiterror',
      'too_?many_?requests(?:_?exception)?',
      String.raw`throttling(?:[._]?\w+)?`,
      String.raw`(?:\S+[.#])?throttl(?:ing|ed)exception`,
      'limit_(?:requests|burst_rate)',
      String.raw`(?:account|model|endpoint)\w*ratelimitexceeded`,
      String.raw`ratelimitexceeded\.\w+`,
    ),
    kind: 'rate_limit',
  },
  { status: [403], text: /rate limit|too many requests|requests? per (?:second|minute|day)/i, kind: 'rate_limit' },

  // Too many tokens, said whatever the status; but a rate of tokens is none.
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
      /token (?:limit|count|budget)[^.\n]{0,40}(?:reached|exceed)/,
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

  // No such model, in words.
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

  // A server in front of others that has none behind it with this model.
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

  // The way to the provider is wrong, not the model.
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
  // A firewall or a proxy in front of the provider: no word of the provider about the request or the credential.
  { status: [400, 403, 451], form: 'page', kind: 'unexpected' },

  // No such model, by a code; behind the rules about URLs, which some servers give the same code.
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

  {
    status: [400, 403, 404],
    code: word(
      'invalid_?api_?key',
      'incorrect_api_key',
      'authentication_?error',
      'invalid_authentication(?:_error)?',
      'unauthenticated',
      'unauthorized',
      'expiredtokenexception',
      'unrecognizedclientexception',
      'invalid_token',
      'token_expired',
    ),
    kind: 'authentication',
  },
  {
    status: [400, 403],
    text: anyOf(
      /(?:incorrect|invalid|missing|no|unknown|expired|wrong|bad) (?:\S+ )?api[- ]?key/,
      /api[- ]?key (?:is )?(?:not valid|invalid|expired|not found|missing|incorrect|revoked)/,
      /invalid (?:authentication|access token|bearer token|authorization)/,
      /(?:无效|错误|非法|过期)的?\s?(?:api[- ]?key|密钥|令牌|token)/,
      /(?:api[- ]?key|密钥|令牌)\s?(?:无效|错误|不正确|已过期|不存在)/,
    ),
    kind: 'authentication',
  },
  { status: [498], text: /token (?:has |is )?(?:expired|invalid)|(?:invalid|expired) token/i, kind: 'authentication' },
];

const rateTexts = [/rate limit/, /too many requests/];

/** Row 000-32: texts with which a 400 means that the provider is busy. */
export const busyRules: readonly FailureRule[] = [
  {
    status: [400],
    text: anyOf(/系统繁忙/, /system (?:is )?busy/, /temporarily unavailable/, ...rateTexts),
    kind: 'busy',
  },
];

/** What an error inside an answer of status 200 means by its words alone, where none of the tables knew better. */
export const innerRules: readonly FailureRule[] = [
  { text: anyOf(...rateTexts), kind: 'rate_limit' },
  {
    code: word(
      'invalid_request(?:_error)?',
      'bad_?request(?:_?error)?',
      'invalid_argument',
      'validation_?error',
      'unprocessable_?entity(?:_?error)?',
      'value_?error',
    ),
    kind: 'invalid_request',
  },
  {
    code: word(
      'authentication_?error',
      'unauthenticated',
      'unauthorized',
      'invalid_?api_?key',
      'invalid_authentication(?:_error)?',
    ),
    kind: 'authentication',
  },
  { code: /^(?:permission(?:_denied)?(?:_?error)?|forbidden|access_?denied)$/i, kind: 'permission' },
  { code: /^not_?found(?:_?error)?$/i, kind: 'not_found' },
];

/** Rate limits of the whole account, where a provider says so. Organisations are no accounts: they are limited by model. */
export const accountLimit =
  /\b(?:account|workspace|team|api[- ]?key|key)\b[^.\n]{0,160}\b(?:rate|limits?|rpm|tpm|tpd|concurren\w+|quota|frequency)\b|\b(?:limits?|rpm|tpm|quota|concurrency|frequency)\b[^.\n]{0,40}\b(?:per|of|for|on) (?:this |your |the |each )?(?:account|workspace|team|api[- ]?key|key)\b|free-models-per|(?:账户|账号|主账号|帐号)[^。\n]{0,16}(?:速率|频率|并发|限流|限制)/i;
