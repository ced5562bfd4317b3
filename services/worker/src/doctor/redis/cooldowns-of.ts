import type { Config } from '@sluice/config';
import { noCooldown, cooldowns } from '../../cooldowns/cooldowns.ts';
import { withHealth } from '../../cooldowns/with-health.ts';
import { type Check, ok, warning } from '../check.ts';

/** Lists credentials in cooldown and open circuits, as `npm run cooldowns` does. */
export async function cooldownsOf(config: Config): Promise<Check[]> {
  try {
    const lines = await withHealth(config, 'sluice-doctor', (health) => cooldowns({ config, health }, []));
    if (lines[0] === noCooldown) return [ok('upstream.cooldowns', noCooldown)];
    const advice = '`npm run cooldowns -- lift UPSTREAM` ends it by hand, once its cause is gone.';
    return lines.map((line) => warning('upstream.cooldowns', `${line.replaceAll(/\s{2,}/g, ' ')}.`, advice));
  } catch {
    // The users of SECURITY.md other than the worker's may not read this.
    return [];
  }
}
