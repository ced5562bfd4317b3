import { type Launch, type Product, withProduct } from './product.ts';
import { readyBlock } from './ready-block.ts';

/**
 * Runs the whole product until the person stops it or one of its processes dies.
 *
 * @returns exit code: 0 when the person has stopped it, 1 when a process died
 * @throws LaunchError when something that the product needs can't be had or does not become ready
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

/** Resolves with the report of a process that died, or with undefined when the person has asked to stop. */
async function untilOver({ started, signal }: Product): Promise<string | undefined> {
  const stopped = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  return await Promise.race([stopped, ...started.flatMap(({ died }) => died ?? [])]);
}
