/** The amount to reserve for a request, and the part of it that is the prompt. Tokens. */
export interface Reservation {
  readonly total: number;
  readonly prompt: number;
  /** Each attempt costs the prompt and a request; otherwise all attempts together do. */
  readonly isPaidPerAttempt: boolean;
}
