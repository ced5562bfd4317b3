import type { Config } from '@sluice/config';
import { providers } from '@sluice/providers';
import type { Logger } from '@sluice/telemetry';

/** Logs the notices for operators, once for each type of upstream. */
export function warnOfProviders({ upstreams }: Pick<Config, 'upstreams'>, logger: Logger): void {
  for (const [type, ofType] of Map.groupBy(upstreams, (upstream) => upstream.type)) {
    const { notice } = providers[type];
    if (notice !== undefined) logger.warn({ upstreams: ofType.map(({ id }) => id) }, notice);
  }
}
