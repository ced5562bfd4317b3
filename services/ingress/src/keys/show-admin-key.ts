/**
 * Shows the first admin key, this once.
 * @throws Error if it was perhaps not shown; then the key is not made, and another one is made later
 */
export type ShowAdminKey = (secret: string) => Promise<void>;

/** The launcher answers within milliseconds. The database keeps other changes of keys waiting meanwhile. */
const answerWaitMs = 3000;

/** Shows the key on the error output, so that no log in JSON has it. */
export const showOnErrorOutput: ShowAdminKey = (secret) =>
  new Promise((resolve, reject) => {
    const text = `\nAdmin key (shown this once, only its hash is kept; replace it with \`npm run keys -- rotate\`):\n\n  ${secret}\n\n`;
    process.stderr.write(text, (error) => (error ? reject(error) : resolve()));
  });

/** The channel to the launcher; this process has its methods. */
export interface LauncherChannel {
  send?(message: object, handle: undefined, options: undefined, callback: (error: Error | null) => void): boolean;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  off(event: 'message', listener: (message: unknown) => void): unknown;
}

/** Gives the key to the launcher, which keeps it in a file: it writes the output to a log, where no secret may stand. */
export function showToLauncher(channel: LauncherChannel): ShowAdminKey {
  return async (adminKey) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onMessage = (message: unknown): void => {
      const isAnswer = typeof message === 'object' && message !== null && 'adminKeyKept' in message;
      if (isAnswer && message.adminKeyKept === adminKey) resolve();
    };
    const timer = setTimeout(() => reject(new Error('the launcher has not kept the admin key')), answerWaitMs);
    channel.on('message', onMessage);
    try {
      channel.send?.({ adminKey }, undefined, undefined, (error) => {
        if (error !== null) reject(error);
      });
      await promise;
    } finally {
      clearTimeout(timer);
      channel.off('message', onMessage);
    }
  };
}
