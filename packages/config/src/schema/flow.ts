import { contentPolicyRules, type RetryMode, retryPresets } from '@sluice/policy';
import { across, fieldOf, type Finding, findReversed } from './across.ts';
import { fraction, milliseconds, oneOf, section, wholeNumber } from '@sluice/setting-types';

/** Until the first event of an answer, if nobody says otherwise. */
export const defaultFirstTokenMs = 30_000;
/** For a whole request, if neither `timeouts` nor the mode of `retry` says otherwise. */
export const defaultTotalMs = 600_000;

const ofMode = { 'x-default': 'of the mode' };
const modes = Object.keys(retryPresets) as [RetryMode, ...RetryMode[]];

export const limits = section({
  max_concurrent_requests: wholeNumber(1).default(1000).describe('Requests that run at once, over all replicas.'),
  queue_size: wholeNumber(0)
    .default(500)
    .describe('Requests that may wait beyond those. More are answered with 503. 0 lets none wait.'),
  default_key_concurrency: wholeNumber(1)
    .optional()
    .meta({ 'x-default': 'half of `max_concurrent_requests`; all of it if there is only one key' })
    .describe(
      'Requests at once of a key without a `concurrency` of its own. Further ones wait, so that places stay free for other keys.',
    ),
  max_queue_wait_ms: milliseconds().default(30_000).describe('Who has waited for so long is answered with 503.'),
  lease_ms: milliseconds(1000)
    .default(30_000)
    .describe('A running request whose ingress has died takes up its place for so long. At least 1000.'),
});

export const retry = across(
  section({
    mode: oneOf(modes).default('default').describe('The policy by name; the fields below change parts of it.'),
    max_attempts: wholeNumber(1, 100)
      .optional()
      .meta(ofMode)
      .describe('Calls to upstreams in total, the first included.'),
    backoff: oneOf(['exponential', 'linear'])
      .optional()
      .meta(ofMode)
      .describe('Growth of the delay: base × 2ⁿ, or base × (n + 1).'),
    base_delay_ms: milliseconds(0).optional().meta(ofMode).describe('First delay.'),
    max_delay_ms: milliseconds(0).optional().meta(ofMode).describe('Longest delay.'),
    rate_limit_base_delay_ms: milliseconds(0)
      .optional()
      .meta(ofMode)
      .describe('First delay after an answer that says "too many requests".'),
    rate_limit_max_delay_ms: milliseconds(0).optional().meta(ofMode).describe('Longest delay after such answers.'),
    max_cooldown_ms: milliseconds(1000)
      .default(3_600_000)
      .describe(
        'Longest cooldown of a credential, whatever its provider asks for. After a rest that was shortened to this, one request tries the credential first. At least 1000.',
      ),
    same_target: wholeNumber(1, 100)
      .default(1)
      .describe(
        'Tries at the target that a request is sent to first, with a back-off between them, before another target is asked. Only after failures that may pass: not where the target stays silent or its answer cannot be read, not where it refuses the request or the credential, and not where it asks for a longer wait than `max_delay_ms`. `max_attempts` counts them too and must be more, so that an attempt is left for another target.',
      ),
    wait_for_preferred_ms: milliseconds(0)
      .default(0)
      .describe(
        'A target of a lower priority is asked only if no target of a better one comes back from a rest, or has its circuit tried again, within this time. It is the longest wait of one request in all, and must be below `timeouts.total_ms` and `timeouts.stream_total_ms`. Where a target of a better priority has failed, a fallback is asked at once. 0: a fallback is asked at once.',
      ),
    on_content_policy: oneOf(contentPolicyRules)
      .default('next')
      .describe(
        "After a provider has refused a request because of its content. `next`: the model's next target is asked. `end`: the client gets the error, and no other provider sees the request.",
      ),
    jitter: fraction(0, 1)
      .optional()
      .meta(ofMode)
      .describe('Part of the delay by which it strays to either side: 0.25 is ± 25 %.'),
    random_delay_min_ms: milliseconds(0)
      .optional()
      .meta(ofMode)
      .describe('Each delay is made longer by a random time of at least this.'),
    random_delay_max_ms: milliseconds(0).optional().meta(ofMode).describe('That random time at most.'),
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

/** Tries at the preferred target that leave no attempt for another one. */
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

/** A wait for a preferred target that outlasts the whole request, so that no fallback is ever asked. */
export function* findEndlessWait(settings: unknown): Iterable<Finding> {
  const [retryOf, timeoutsOf] = [fieldOf(settings, 'retry'), fieldOf(settings, 'timeouts')];
  const wait = fieldOf(retryOf, 'wait_for_preferred_ms');
  const { totals } = presetOf(fieldOf(retryOf, 'mode'));
  const total = fieldOf(timeoutsOf, 'total_ms');
  const places = [
    ['total_ms', total ?? totals?.wholeMs ?? defaultTotalMs],
    ['stream_total_ms', fieldOf(timeoutsOf, 'stream_total_ms') ?? total ?? totals?.streamMs ?? defaultTotalMs],
  ] as const;
  for (const [name, allMs] of places) {
    if (typeof wait !== 'number' || typeof allMs !== 'number' || wait < allMs) continue;
    yield {
      path: ['retry', 'wait_for_preferred_ms'],
      message: `must be below timeouts.${name}, which is ${allMs}: the request would end before a fallback is asked`,
    };
    return;
  }
}

export const timeouts = across(
  section({
    first_token_ms: milliseconds()
      .optional()
      // No default of zod's: only one that was written can contradict a shorter total.
      .meta({ default: defaultFirstTokenMs })
      .describe(
        'How long an upstream may take until the first event of its answer. At most the longer of `total_ms` and `stream_total_ms`.',
      ),
    idle_ms: milliseconds().default(60_000).describe('How long it may take between two events.'),
    whole_attempt_ms: milliseconds()
      .optional()
      .meta({ 'x-default': '60000 while another target is left to try, else the rest of `total_ms`' })
      .describe('Time limit of one attempt whose answer comes in one piece.'),
    total_ms: milliseconds()
      .optional()
      .meta({ 'x-default': `of \`retry.mode\`, else ${defaultTotalMs}` })
      .describe('How long a request may take over all its attempts.'),
    stream_total_ms: milliseconds()
      .optional()
      .meta({ 'x-default': `\`total_ms\`, else of \`retry.mode\`, else ${defaultTotalMs}` })
      .describe('The same for streamed answers.'),
  }),
  function* (value) {
    const total = fieldOf(value, 'total_ms');
    const streamTotal = fieldOf(value, 'stream_total_ms') ?? total;
    // A first event that only the longer of the two can wait for is no contradiction: the other ends before.
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
      'This many requests that fail in a row at a target within `window_ms` open its circuit: it gets no requests. A request counts once, however often it is tried; failures of one key alone do not open it while requests of another key succeed.',
    ),
  window_ms: milliseconds().default(30_000).describe('Time over which failures are counted.'),
  open_ms: milliseconds().default(5000).describe('After so long one request may try whether the target is back.'),
});
