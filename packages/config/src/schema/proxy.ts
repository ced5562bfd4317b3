import { inWords, must } from '@sluice/setting-types';
import { z } from 'zod';
import { ownUserinfo, userinfoFault } from '../example-secrets.ts';
import { parseProxy } from '../network/proxy.ts';

const urlInWords =
  'an http or https URL of a proxy, as in http://user:password@proxy.example:3128 (SOCKS is not supported)';
const settingInWords = `none, or ${urlInWords}`;
const isProxy = (text: string): boolean => parseProxy(text) !== undefined;

/** Value that means no proxy, in the file and in the environment. */
export const noProxy = 'none';

/** Type of the proxy of one upstream. */
export const upstreamProxy = inWords(
  z
    .string(must(settingInWords))
    .refine((text) => text === noProxy || isProxy(text), must(settingInWords))
    .refine(...ownUserinfo),
  settingInWords,
);

/** Adds `http://` to a proxy without a scheme, as curl does. */
const withScheme = (text: string): string => (text.includes('://') ? text : `http://${text}`);

/** Type of an environment variable that holds the URL of a proxy, or `none`. */
export const proxyVariable = z
  .string()
  .transform((text) => (text === noProxy ? text : withScheme(text)))
  .refine((text) => text === noProxy || isProxy(text), must(urlInWords))
  .refine(...ownUserinfo);

/** Type of `ALL_PROXY`. It is often set to a SOCKS proxy for other programs, which must not prevent a start. */
export const proxyForAll = z
  .string()
  .transform((text) => {
    if (text === noProxy) return { kind: 'none' } as const;
    const url = withScheme(text);
    return isProxy(url) ? ({ kind: 'proxy', url } as const) : ({ kind: 'unusable', text } as const);
  })
  .refine((proxy) => proxy.kind !== 'proxy' || userinfoFault(proxy.url) === undefined, ownUserinfo[1]);
