/** `ask`: the provider is asked for a whole answer; `collect`: it is asked for a stream, which is collected. */
export const wholeAnswerWays = ['ask', 'collect'] as const;
