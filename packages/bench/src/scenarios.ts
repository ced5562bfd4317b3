/** A kind of load. */
export interface Scenario {
  readonly name: string;
  /** Description, printed above the table. */
  readonly about: string;
  /** Directives for the simulator, as a suffix of the model's name. */
  readonly directives: string;
  /** Tokens of one answer. */
  readonly tokens: number;
  readonly stream: boolean;
  /** Number of concurrent requests; with a rate, the maximum. */
  readonly clients: number;
  /** Requests per second, independent of answers. If absent, each client sends the next request after its answer. */
  readonly ratePerSecond?: number;
  readonly promptBytes?: number;
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'light',
    about: 'streams of 32 tokens, 10 ms apart, 20 started per second: the latency that an idle gateway adds',
    directives: 't32-i10',
    tokens: 32,
    stream: true,
    clients: 256,
    ratePerSecond: 20,
  },
  {
    name: 'whole',
    about: 'whole answers of 16 tokens for 32 clients: maximum requests per second',
    directives: 't16',
    tokens: 16,
    stream: false,
    clients: 32,
  },
  {
    name: 'chunks',
    about: 'streams of 256 tokens, each in its own write, for 8 clients: maximum tokens per second',
    directives: 't256-each',
    tokens: 256,
    stream: true,
    clients: 8,
  },
  {
    name: 'busy',
    about: 'streams of 100 tokens, 20 ms apart, 200 open at once: tokens on time',
    directives: 't100-i20',
    tokens: 100,
    stream: true,
    clients: 200,
  },
  {
    name: 'big-prompt',
    about: 'whole answers to prompts of 64 KB for 8 clients',
    directives: 't16',
    tokens: 16,
    stream: false,
    clients: 8,
    promptBytes: 65_536,
  },
];
