import type { Config } from '@sluice/config';
import { type Check, ok, warning } from './check.ts';

/** A shorter limit cuts off models that reason before they answer. */
const shortFirstTokenMs = 10_000;

/** Judges settings that are valid, but make requests fail in a way that no call of the doctor shows. */
export function judgeSetup(config: Config): Check[] {
  return [...judgeKeys(config), ...judgeDemo(config), judgeTimeouts(config), ...config.upstreams.flatMap(judgeBailian)];
}

function judgeKeys({ keys }: Config): Check[] {
  if (keys.length > 0) return [];
  return [
    ok(
      'config',
      'No client key is configured: `npm start` makes one; `npm run ingress` needs SLUICE_API_KEYS, or keys.',
    ),
  ];
}

function judgeDemo({ demo }: Config): Check[] {
  if (!demo) return [];
  return [
    warning(
      'upstream.none',
      'No upstream is configured: `npm start` runs the simulator, which answers the model demo with made-up text.',
      'Write upstreams and models into sluice.yaml, or set SLUICE_COMPAT to the gateway whose variables you have.',
    ),
  ];
}

function judgeTimeouts({ timeouts: { firstTokenMs, totalMs, streamTotalMs } }: Config): Check {
  const id = 'timeouts';
  // A first-token limit that exceeds the limit of the whole answer has no effect.
  const beginning = firstTokenMs < streamTotalMs ? `must begin within ${seconds(firstTokenMs)} and be complete ` : '';
  const text = `An answer must be complete within ${seconds(totalMs)}, a streamed one ${beginning}within ${seconds(streamTotalMs)}.`;
  if (Math.min(firstTokenMs, totalMs, streamTotalMs) >= shortFirstTokenMs) return ok(id, text);
  return warning(
    id,
    text,
    'Models that reason take longer: raise timeouts.first_token_ms and timeouts.total_ms (REQUEST_TIMEOUT, STREAM_TIMEOUT in profiles).',
  );
}

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;

/** Aliyun's path for plain models refuses applications with "Agent request must contain input messages". */
function judgeBailian({ id, type, baseUrl, options }: Config['upstreams'][number]): Check[] {
  const { pathname } = new URL(baseUrl);
  if (type !== 'bailian' || options['mode'] === 'compatible' || pathname === '/') return [];
  return [
    {
      ...warning(
        'upstream.setup',
        `base_url has the path ${pathname}; applications have their path directly below the host.`,
        'Set it (ALIYUN_BASE_URL) to https://dashscope.aliyuncs.com.',
      ),
      about: `upstream ${id}`,
    },
  ];
}
