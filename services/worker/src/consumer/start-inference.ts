import type { ChatBody, ChatJob } from '@sluice/protocol';
import { inferenceSpan, type SpanHandle, startSpanOf } from '@sluice/telemetry';
import type { RunJobNeeds } from './run-job-needs.ts';

/** Starts the span of the whole inference, with the parameters of the request. */
export function startInference(
  { targetsOf }: Pick<RunJobNeeds, 'targetsOf'>,
  { model, stream, operation }: ChatJob,
  body: ChatBody,
  parent: SpanHandle,
): SpanHandle {
  const number = (name: string): number | undefined => (typeof body[name] === 'number' ? body[name] : undefined);
  return startSpanOf(
    () =>
      inferenceSpan({
        operation,
        providerType: targetsOf(model, operation)[0]?.adapter.type ?? 'unknown',
        model,
        stream,
        maxTokens: number('max_completion_tokens') ?? number('max_tokens'),
        temperature: number('temperature'),
        topP: number('top_p'),
        choices: number('n'),
        seed: number('seed'),
      }),
    { parent },
  );
}
