export { backoffMs, plainBackoffMs, type Schedule } from './backoff.ts';
export {
  classify,
  type ContentPolicyRule,
  contentPolicyRules,
  isCredentialRefused,
  isSpoiled,
  cooldownScope,
  type Verdict,
} from './classify.ts';
export { clientWaitMs, toClientError } from './client-error.ts';
export { type CompressedContext, compressContext } from './compress-context.ts';
export { estimatePrompt } from './estimate-prompt.ts';
export { defaultAnswerTokens, estimateTokens, type PromptSize } from './estimate-tokens.ts';
export { type NextStep, nextStep, type RoundEnd, type Standing } from './next-step.ts';
export { type OrderFacts, orderTargets } from './order-targets.ts';
export { orderCredentials, type PlannedTarget, planTargets, targetName } from './plan-targets.ts';
export { countTry, endStay, isToStay, preferredWaitMs } from './prefer.ts';
export {
  type RetryMode,
  type RetryPolicy,
  type RetryPreset,
  retryPresets,
  type TotalTimeouts,
} from './retry-policy.ts';
