/** Each name multiplies the series of some metrics. */
const maxLabels = 100;

/** Names of client keys that have series of their own on the metrics page: the first of the configuration. */
export const keyLabels = (keys: readonly { readonly name: string }[]): string[] =>
  [...new Set(keys.map(({ name }) => name))].slice(0, maxLabels);
