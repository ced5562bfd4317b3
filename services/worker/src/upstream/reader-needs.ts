import type { ChatBody } from '@sluice/protocol';
import type { CallPlan, ProviderAdapter } from '@sluice/providers';
import type { OutletNeeds } from './outlet.ts';

/** The dependencies of the readers of an answer, whole or streamed. */
export interface AnswerReaderNeeds extends OutletNeeds {
  readonly adapter: ProviderAdapter;
  readonly body: ChatBody;
  readonly plan: CallPlan;
  readonly maxEventBytes: number;
  readonly maxBodyBytes: number;
  readonly onGap: (gapMs: number) => void;
  readonly onThrow: (error: unknown) => void;
}
