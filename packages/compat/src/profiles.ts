import type { Profile } from '@sluice/config';
import { bailianProxy } from './bailian-proxy.ts';
import { iflow2api } from './iflow2api.ts';
import { unifiedProxy } from './unified-proxy.ts';
import { z2api } from './z2api.ts';
import { zaiProxy } from './zai-proxy.ts';

/** The gateways that Sluice can replace, by the values of `SLUICE_COMPAT`. */
export const profilesByName = {
  'zai-proxy': zaiProxy,
  z2api,
  'bailian-proxy': bailianProxy,
  'unified-proxy': unifiedProxy,
  iflow2api,
} as const satisfies Record<string, Profile>;
