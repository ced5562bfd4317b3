import { trace } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  RandomIdGenerator,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import { isAnonymous } from './anonymous.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The sampler that `OTEL_TRACES_SAMPLER` names, as the OpenTelemetry specification has it, but for spans whose parent is
 * a client's: there it decides as for the root of a new trace. Otherwise anybody could have every request sampled.
 */
export function createSampler(env: Env): Sampler {
  const standard = standardSampler(env);
  const ids = new RandomIdGenerator();
  return {
    shouldSample(context, traceId, ...rest) {
      if (!isAnonymous(context)) return standard.shouldSample(context, traceId, ...rest);
      // A ratio looks at the trace id, which is the client's choice too.
      return standard.shouldSample(trace.deleteSpan(context), ids.generateTraceId(), ...rest);
    },
    toString: () => `OwnDecision{${standard.toString()}}`,
  };
}

function standardSampler(env: Env): Sampler {
  switch (env['OTEL_TRACES_SAMPLER']?.trim()) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(ratioOf(env));
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratioOf(env)) });
    default:
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
  }
}

function ratioOf(env: Env): number {
  const ratio = Number(env['OTEL_TRACES_SAMPLER_ARG']?.trim() || Number.NaN);
  return ratio >= 0 && ratio <= 1 ? ratio : 1;
}
