import { contentPolicyRules, type RetryMode, retryPresets } from '@sluice/policy';
import { across, fieldOf, type Finding, findReversed } from './across.ts';
import { fraction, milliseconds, oneOf, section, wholeNumber } from '@sluice/setting-types';

/** Default time to the first event of an answer, in ms. */
export const defaultFirstTokenMs = 30_000;
/** Default time of a whole request, in ms, if neither `timeouts` nor the mode of `retry` sets one. */
export const defaultTotalMs = 600_000;

const ofMode = { 'x-default': 'of the mode' };
const modes = Object.keys(retryPresets) as [RetryMode, ...RetryMode[]];

export const limits = section({
  max_concurrent_requests: wholeNumber(1).default(1000).describe('Requests that run at once, over all replicas.'),
  queue_size: wholeNumber(0)
    .default(500)
    .describe('Requests that may wait for a lease. Further ones get 503. 0 = no request waits.'),
  default_key_concurrency: wholeNumber(1)
    .optional()
    .meta({ 'x-default': 'half of `max_concurrent_requests`; all of it if there is only one key' })
    .describe(
      'Leases at once of a key without its own `concurrency`. Its further requests wait, so that leases stay free for other keys.',
    ),
  max_queue_wait_ms: milliseconds()
    .default(30_000)
    .describe('Longest wait of a request for a lease; after it the request gets 503.'),
  lease_ms: milliseconds(1000)
    .default(30_000)
    .describe('Time after which the lease of a request ends if its ingress has died. At least 1000.'),
});

export const retry = across(
  section({
    mode: oneOf(modes).default('default').describe('Name of the policy; the fields below change parts of it.'),
    max_attempts: wholeNumber(1, 100).optional().meta(ofMode).describe('Attempts in total, the first included.'),
    backoff: oneOf(['exponential', 'linear'])
      .optional()
      .meta(ofMode)
      .describe('Growth of the delay: base × 2ⁿ, or base × (n + 1).'),
    base_delay_ms: milliseconds(0).optional().meta(ofMode).describe('First delay.'),
    max_delay_ms: milliseconds(0).optional().meta(ofMode).describe('Longest delay.'),
    rate_limit_base_delay_ms: milliseconds(0).optional().meta(ofMode).describe('First delay after a rate limit (429).'),
    rate_limit_max_delay_ms: milliseconds(0).optional().meta(ofMode).describe('Longest delay after a rate limit.'),
    max_cooldown_ms: milliseconds(1000)
      .default(3_600_000)
      .describe(
        'Longest cooldown of a credential, even if its provider asks for a longer one. After a cooldown shortened to this, a single request tries the credential first. At least 1000.',
      ),
    same_target: wholeNumber(1, 100)
      .default(1)
      .describe(
        'Attempts at the first target of a request, with a back-off between them, before an attempt at another target. They are repeated only after a failure that may be transient: not if the target is silent, sends an unreadable answer, refuses the request or the credential, or asks for a longer wait than `max_delay_ms`. They count towards `max_attempts`, which must be larger, so that an attempt is left for another target.',
      ),
    wait_for_preferred_ms: milliseconds(0)
      .default(0)
      .describe(
        'Longest time that a request waits for targets of a better priority, over all its attempts, before it is sent to a fallback. It waits only if a cooldown of such a target ends, or its circuit gets a probe, within this time. After a failure of such a target the fallback gets the request at once. Must be below `timeouts.total_ms` and `timeouts.stream_total_ms`. 0 = the fallback gets it at once.',
      ),
    on_content_policy: oneOf(contentPolicyRules)
      .default('next')
      .describe(
        "Rule for a request that a provider refused because of its content. `next`: the request is sent to the model's next target. `end`: the client gets the error, and no other provider sees the request.",
      ),
    jitter: fraction(0, 1)
      .optional()
      .meta(ofMode)
      .describe('Jitter as a fraction of the delay, in both directions: 0.25 is ± 25 %.'),
    random_delay_min_ms: milliseconds(0)
      .optional()
      .meta(ofMode)
      .describe('Minimum of the random time that is added to each delay.'),
    random_delay_max_ms: milliseconds(0).optional().meta(ofMode).describe('Maximum of that random time.'),
  }),
  function* (value) {
    const mode = fieldOf(value, 'mode');
    const preset = presetOf(mode);
    yield* findLostFallbacks(value, preset.maxAttempts);
    yield* findReversed({
      value,
      lower: 'base_delay_ms',
      upper: 'max_delay_ms',
      otherwise: { base_delay_ms: preset.baseDelayMs, max_delay_ms: preset.maxDelayMs },
    });
    yield* findReversed({
      value,
      lower: 'rate_limit_base_delay_ms',
      upper: 'rate_limit_max_delay_ms',
      otherwise: {
        rate_limit_base_delay_ms: preset.rateLimitBaseDelayMs,
        rate_limit_max_delay_ms: preset.rateLimitMaxDelayMs,
      },
    });
    yield* findReversed({
      value,
      lower: 'random_delay_min_ms',
      upper: 'random_delay_max_ms',
      otherwise: { random_delay_min_ms: preset.randomDelayMinMs, random_delay_max_ms: preset.randomDelayMaxMs },
    });
  },
);

const presetOf = (mode: unknown): (typeof retryPresets)[RetryMode] =>
  retryPresets[modes.find((name) => name === mode) ?? 'default'];

/** Finds a `same_target` that leaves no attempt for another target. */
function* findLostFallbacks(retry: unknown, maxAttemptsOfMode: number): Iterable<Finding> {
  const same = fieldOf(retry, 'same_target');
  const given = fieldOf(retry, 'max_attempts');
  const all = given ?? maxAttemptsOfMode;
  if (typeof same !== 'number' || typeof all !== 'number' || same === 1 || same < all) return;
  const whose = given === undefined ? ' of the mode' : '';
  yield {
    path: ['same_target'],
    message: `must be below max_attempts${whose}, which is ${all}: no attempt would be left for another target`,
  };
}

/** Finds a wait for preferred targets that is longer than the whole request, so that no fallback gets the request. */
export function* findEndlessWait(settings: unknown): Iterable<Finding> {
  const [retryOf, timeoutsOf] = [fieldOf(settings, 'retry'), fieldOf(settings, 'timeouts')];
  const wait = fieldOf(retryOf, 'wait_for_preferred_ms');
  const { totals } = presetOf(fieldOf(retryOf, 'mode'));
  const total = fieldOf(timeoutsOf, 'total_ms');
  const totalTimes = [
    ['total_ms', total ?? totals?.totalMs ?? defaultTotalMs],
    ['stream_total_ms', fieldOf(timeoutsOf, 'stream_total_ms') ?? total ?? totals?.streamTotalMs ?? defaultTotalMs],
  ] as const;
  for (const [name, allMs] of totalTimes) {
    if (typeof wait !== 'number' || typeof allMs !== 'number' || wait < allMs) continue;
    yield {
      path: ['retry', 'wait_for_preferred_ms'],
      message: `must be below timeouts.${name}, which is ${allMs}: the request would end before a fallback gets it`,
    };
    return;
  }
}

export const timeouts = across(
  section({
    first_token_ms: milliseconds()
      .optional()
      // Not a default of zod: only a value that the operator wrote can contradict a shorter total.
      .meta({ default: defaultFirstTokenMs })
      .describe(
        'Longest time to the first event of an attempt. At most the longer of `total_ms` and `stream_total_ms`.',
      ),
    idle_ms: milliseconds().default(60_000).describe('Longest time between two events.'),
    whole_attempt_ms: milliseconds()
      .optional()
      .meta({ 'x-default': '60000 if another target is left, else the remaining time of `total_ms`' })
      .describe('Longest time of one attempt whose answer is not streamed.'),
    total_ms: milliseconds()
      .optional()
      .meta({ 'x-default': `of \`retry.mode\`, else ${defaultTotalMs}` })
      .describe('Longest time of a request, over all its attempts.'),
    stream_total_ms: milliseconds()
      .optional()
      .meta({ 'x-default': `\`total_ms\`, else of \`retry.mode\`, else ${defaultTotalMs}` })
      .describe('The same for streamed answers.'),
  }),
  function* (value) {
    const total = fieldOf(value, 'total_ms');
    const streamTotal = fieldOf(value, 'stream_total_ms') ?? total;
    // A first_token_ms between the two totals is valid: it binds the longer one, and the shorter one ends before.
    const isStreamLonger = typeof total !== 'number' || (typeof streamTotal === 'number' && streamTotal > total);
    yield* findReversed({
      value,
      lower: 'first_token_ms',
      upper: isStreamLonger ? 'stream_total_ms' : 'total_ms',
    });
  },
);

export const circuit = section({
  failures: wholeNumber(1)
    .default(5)
    .describe(
      'Requests that fail in a row at a target within `window_ms` and open its circuit; then it gets no requests. A request counts once, even after several attempts. Failures of a single client key do not open the circuit while requests of another key succeed.',
    ),
  window_ms: milliseconds().default(30_000).describe('Time window in which failures are counted.'),
  open_ms: milliseconds().default(5000).describe('Time until an open circuit lets one request through as a probe.'),
});
