import { type GatewayError, toEnvelope } from '@sluice/protocol';
import { heartbeatLine } from '../../sse/heartbeat.ts';

/** Writes a streamed answer in the form of one surface. Workers send chat events; a form translates them. Never throws. */
export interface StreamForm {
  /** The events that follow have the form of the client's own protocol, or are chat events again. Default: chat events. */
  reads?(isNative: boolean): void;
  /** Translates server-sent events of a chat stream. Returns the client's events, or ''. */
  onData(events: string): string;
  /** Returns the events that end a complete answer. `cost` is an extra event of chat streams, or ''. */
  end(cost: string): string;
  /** Returns the events of a failure after the first event. They never look like the end of a complete answer. */
  error(error: GatewayError): string;
  /** Text that keeps a silent stream open. */
  readonly heartbeat: string;
  /** Default: server-sent events. */
  readonly contentType?: string;
}

/** The forms of the answers of one surface. */
export interface AnswerForms {
  /** Returns a new form for each stream. */
  readonly stream: () => StreamForm;
  /**
   * Translates a whole chat answer.
   *
   * @param isNative the text has the form of the client's own protocol already
   * @throws Error if the text is not a chat answer
   */
  readonly whole: (text: string, isNative: boolean) => string;
  /**
   * Resolves when other requests can read what the end of this answer has stored; never rejects. The client gets the end
   * after that, so that its next request finds it at any replica. Default: nothing is stored.
   */
  readonly settled?: () => Promise<void>;
}

/** `POST /v1/chat/completions`: the events of the worker are the client's. */
export const chatForm: StreamForm = {
  onData: (events) => events,
  end: (cost) => `${cost}data: [DONE]\n\n`,
  error: (error) => `data: ${JSON.stringify(toEnvelope(error))}\n\n`,
  heartbeat: heartbeatLine,
};
