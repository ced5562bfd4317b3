import type { Config } from '@sluice/config';
import { nothingRests, rests } from '../../rests/rests.ts';
import { withHealth } from '../../rests/with-health.ts';
import { type Check, ok, warning } from '../check.ts';

/** Credentials that rest and circuits that are open, as `npm run rests` lists them. */
export async function restsOf(config: Config): Promise<Check[]> {
  try {
    const lines = await withHealth(config, 'sluice-doctor', (health) => rests({ config, health }, []));
    if (lines[0] === nothingRests) return [ok('upstream.rests', nothingRests)];
    const advice = '`npm run rests -- lift UPSTREAM` ends it by hand, once its cause is gone.';
    return lines.map((line) => warning('upstream.rests', `${line.replaceAll(/\s{2,}/g, ' ')}.`, advice));
  } catch {
    // The users of SECURITY.md other than the worker's may not read this.
    return [];
  }
}
