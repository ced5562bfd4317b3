import type { FailureRule } from './failure-rule.ts';
import { anyOf, word } from './rule-patterns.ts';

/* Rules about the credential: balance, account, rate, key. Most of them put it in cooldown. */

/** Codes of accounts that are closed or have no balance left. */
export const closedAccount: readonly FailureRule[] = [
  // No balance left, by code, and accounts closed for that reason.
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

  // The account is disabled: "disabled for violating our usage policies" does not concern a single prompt.
  {
    code: /^(?:account_(?:deactivated|disabled|suspended)|access_terminated(?:_error)?|organization_disabled)$/i,
    kind: 'permission',
  },
  {
    text: /\b(?:account|organi[sz]ation|workspace|project|api[- ]?key|access)\b[^.\n]{0,40}\b(?:is|was|has been|have been|been)\s(?:\w+ly\s)?(?:disabled|deactivated|suspended|terminated|banned|frozen|locked|restricted)\b/i,
    kind: 'permission',
  },
  { text: /(?:账户|账号|帐号|帐户)[^。\n]{0,12}(?:锁定|封禁|冻结|停用|禁用|封号)/, kind: 'permission' },
];

/** Google's codes, which its OpenAI-compatible endpoint also sends. */
export const googleCodes: readonly FailureRule[] = [
  // Google's "quota" usually means a rate limit.
  { code: /PerDay/, kind: 'quota' },
  { code: /^RESOURCE_EXHAUSTED$/, kind: 'rate_limit' },
  { code: /^API_KEY_(?:INVALID|EXPIRED)$/, kind: 'authentication' },
  { code: /^BILLING_DISABLED$/, kind: 'quota' },
];

/** No balance left, by text. */
export const nothingLeft: readonly FailureRule[] = [
  // A balance that is too small for this request. OpenRouter:
  // https://openrouter.ai/docs/api/reference/errors-and-debugging
  { text: /\bor (?:fewer|lower) max_tokens\b|\bcan only afford \d/i, kind: 'quota', scope: 'model' },
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
];

/** The credential has no access to this model. */
export const modelNotAllowed: readonly FailureRule[] = [
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
];

/** Rate limits, and provider overload that some servers report as a rate limit. */
export const tooFast: readonly FailureRule[] = [
  // Overload of the provider, not a rate limit of the credential.
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

  // Rate limit of the credential.
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
];

/** Invalid keys reported with a status other than 401. */
export const badKey: readonly FailureRule[] = [
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

/** Words for a rate limit of the whole account. Limits of an organisation do not count: they apply per model. */
export const accountLimit =
  /\b(?:account|workspace|team|api[- ]?key|key)\b[^.\n]{0,160}\b(?:rate|limits?|rpm|tpm|tpd|concurren\w+|quota|frequency)\b|\b(?:limits?|rpm|tpm|quota|concurrency|frequency)\b[^.\n]{0,40}\b(?:per|of|for|on) (?:this |your |the |each )?(?:account|workspace|team|api[- ]?key|key)\b|free-models-per|(?:账户|账号|主账号|帐号)[^。\n]{0,16}(?:速率|频率|并发|限流|限制)/i;
