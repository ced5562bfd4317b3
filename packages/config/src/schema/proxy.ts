import { inWords, must } from '@sluice/setting-types';
import { z } from 'zod';
import { parseProxy } from '../network/proxy.ts';

const urlInWords =
  'an http or https URL of a proxy, as in http://user:password@proxy.example:3128 (SOCKS is not supported)';
const settingInWords = `none, or ${urlInWords}`;
const isProxy = (text: string): boolean => parseProxy(text) !== undefined;

/** The proxy of one upstream. */
export const upstreamProxy = inWords(
  z.string(must(settingInWords)).refine((text) => text === 'none' || isProxy(text), must(settingInWords)),
  settingInWords,
);

/** As curl takes it: a proxy without a scheme speaks HTTP. */
const withScheme = (text: string): string => (text.includes('://') ? text : `http://${text}`);

/** A variable of the environment that names a proxy. */
export const proxyVariable = z.string().transform(withScheme).refine(isProxy, must(urlInWords));

/** `ALL_PROXY` is often set for other programs, to a SOCKS proxy: that is no reason not to start. */
export const proxyForAll = z.string().transform((text) => {
  const url = withScheme(text);
  return isProxy(url) ? ({ kind: 'proxy', url } as const) : ({ kind: 'unusable', text } as const);
});
