import type { Profiles } from '@sluice/config';
import { findStrays } from './find-strays.ts';
import { profilesByName } from './profiles.ts';

/** Other gateways, for `loadConfig` and `listSettings`. */
export const profiles: Profiles = { byName: profilesByName, findStrays };
