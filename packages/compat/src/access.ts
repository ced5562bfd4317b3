/** Access control that all profiles share: allowed clients and the listen address. */
import { trueOrFalse } from './variable-types.ts';

/** Variables of all profiles, with the names of unified-proxy. */
export const accessVariables = {
  ENABLE_CLIENT_AUTH: trueOrFalse().default(true),
  ALLOW_ANONYMOUS_ACCESS: trueOrFalse().default(false),
} as const;

export interface AccessValues {
  readonly ENABLE_CLIENT_AUTH: boolean;
  readonly ALLOW_ANONYMOUS_ACCESS: boolean;
}

export interface Listening {
  readonly port: number;
  /** True if the gateway did not check keys: ALLOW_ANONYMOUS_ACCESS then allows unknown keys too. Default false. */
  readonly checkedNoKeys?: boolean;
  /** The variable of the profile for a client key, with its value. */
  readonly clientKey?: { readonly name: string; readonly key: string | undefined };
}

/**
 * Returns the settings for the port and the client keys. All of these gateways listened on every address. With anonymous
 * access, Sluice listens on loopback only, unless HOST is set.
 */
export function accessOf(values: AccessValues, { port, checkedNoKeys = false, clientKey }: Listening) {
  const anonymous = anonymousOf(values, checkedNoKeys);
  return {
    server: { port, host: anonymous === undefined ? '0.0.0.0' : '127.0.0.1' },
    keys: [
      ...(clientKey?.key === undefined ? [] : [{ name: clientKey.name, key: clientKey.key }]),
      ...(anonymous === undefined ? [] : [{ name: 'anonymous', anonymous }]),
    ],
  };
}

/** Returns the kind of anonymous access; undefined by default, because the operator must turn it on. */
function anonymousOf(
  { ENABLE_CLIENT_AUTH, ALLOW_ANONYMOUS_ACCESS }: AccessValues,
  checkedNoKeys: boolean,
): 'any_key' | 'without_key' | undefined {
  if (!ENABLE_CLIENT_AUTH) return 'any_key';
  if (!ALLOW_ANONYMOUS_ACCESS) return undefined;
  return checkedNoKeys ? 'any_key' : 'without_key';
}
