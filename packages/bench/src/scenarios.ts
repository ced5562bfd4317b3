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
  /** Time in which requests are started, without `--seconds`; default 3. */
  readonly seconds?: number;
  /** Runs without a warm-up, which would leave the memory of its own streams behind. */
  readonly isCold?: boolean;
  /** Compares the times of tokens with the simulator's record of its calls: `upstream-calls.ts`. */
  readonly isTimed?: boolean;
}

export const scenarios: readonly Scenario[] = [
  {
    name: 'light',
    about: 'streams of 32 tokens, 10 ms apart, 20 started per second: the latency that an idle gateway adds',
    directives: 't32-i10-f20',
    tokens: 32,
    stream: true,
    clients: 256,
    ratePerSecond: 20,
    isTimed: true,
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
    about: 'streams of 64 tokens, each in its own write, for 32 clients: maximum tokens per second',
    directives: 't64-each',
    tokens: 64,
    stream: true,
    clients: 32,
  },
  {
    name: 'busy',
    about: 'streams of 100 tokens, 20 ms apart, 500 open at once: 25,000 tokens per second wanted',
    directives: 't100-i20-f50',
    tokens: 100,
    stream: true,
    clients: 500,
    seconds: 5,
  },
  {
    name: 'hold',
    about: 'streams of 6 tokens, 500 ms apart, 2,000 open at once: memory of open streams',
    directives: 't6-i500-f200',
    tokens: 6,
    stream: true,
    clients: 2000,
    seconds: 8,
    isCold: true,
  },
  {
    name: 'big-prompt',
    about: 'whole answers to prompts of 64 KB for 16 clients',
    directives: 't16',
    tokens: 16,
    stream: false,
    clients: 16,
    promptBytes: 65_536,
  },
];
