import { type Launch, type Product, withProduct } from './product.ts';
import { readyBlock } from './ready-block.ts';

/**
 * Runs the whole product until the person stops it or a part of it dies.
 *
 * @returns exit code: 0 when the person has asked to stop, 1 when something died by itself
 * @throws LaunchError when something that is needed can't be had or does not come up
 * @throws Interrupted when the person asks to stop before it is ready
 */
export function start(launch: Launch): Promise<number> {
  return withProduct(launch, async (product) => {
    console.log(readyBlock(product.facts));
    const exitReport = await untilOver(product);
    if (exitReport === undefined) return 0;
    launch.terminal.say(exitReport);
    return 1;
  });
}

/** Resolves with what to tell about what has died, or with nothing when the person has asked to stop. */
async function untilOver({ started, signal }: Product): Promise<string | undefined> {
  const stopped = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  return await Promise.race([stopped, ...started.flatMap(({ died }) => died ?? [])]);
}
