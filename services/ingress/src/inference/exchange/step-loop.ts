import { GatewayError } from '@sluice/protocol';
import type { ExchangeCommand, ExchangeEvent, ExchangeState } from './exchange-events.ts';
import { step } from './exchange-state.ts';

export interface StepLoopNeeds {
  readonly first: ExchangeState;
  /** Carries out a command. An event that it returns is handled before all waiting events. */
  readonly carryOut: (command: ExchangeCommand, state: ExchangeState) => ExchangeEvent | undefined;
  readonly onError: (error: unknown) => void;
}

/**
 * Returns the function that takes an event of a request, calls `step`, and carries out the commands in order. Events
 * that come meanwhile wait for their turn. An error in a command does not stop the commands after it.
 */
export function createStepLoop({ first, carryOut, onError }: StepLoopNeeds): (event: ExchangeEvent) => void {
  const events: ExchangeEvent[] = [];
  let state = first;
  let isBusy = false;

  function attempt(command: ExchangeCommand): void {
    try {
      const next = carryOut(command, state);
      if (next !== undefined) events.unshift(next);
    } catch (cause) {
      onError(cause);
      const error = new GatewayError('internal_error', { cause });
      if (command.kind === 'tell_end') attempt({ kind: 'tell_error', error });
      else if (command.kind !== 'tell_error') events.push({ kind: 'fail', code: 'internal_error' });
    }
  }

  return (event) => {
    events.push(event);
    if (isBusy) return;
    isBusy = true;
    try {
      for (let next = events.shift(); next !== undefined; next = events.shift()) {
        const { state: after, commands } = step(state, next);
        state = after;
        for (const command of commands) attempt(command);
      }
    } finally {
      isBusy = false;
    }
  };
}
