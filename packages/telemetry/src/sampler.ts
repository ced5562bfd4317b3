import { trace } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  RandomIdGenerator,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import { hasForeignParent } from './foreign-parent.ts';

type Env = Readonly<Record<string, string | undefined>>;

/**
 * Creates the sampler named by `OTEL_TRACES_SAMPLER`, as in the OpenTelemetry specification, except for spans whose
 * parent comes from a client: they are sampled like the root of a new trace. Otherwise any client could have all its
 * requests sampled.
 */
export function createSampler(env: Env): Sampler {
  const standard = standardSampler(env);
  const ids = new RandomIdGenerator();
  return {
    shouldSample(context, traceId, ...rest) {
      if (!hasForeignParent(context)) return standard.shouldSample(context, traceId, ...rest);
      // A ratio sampler uses the trace id, which the client chooses too.
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
