/** Tokens to reserve for a request, and the prompt's part of them. */
export interface Reservation {
  readonly total: number;
  readonly prompt: number;
  /** Most tokens of the answer; undefined if nothing bounds it. */
  readonly answer: number | undefined;
  /** Each attempt costs the prompt and one request; otherwise all attempts together do. */
  readonly isPaidPerAttempt: boolean;
}
