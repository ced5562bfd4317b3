/** Knowledge of who may call and from where, which all profiles share. */
import { trueOrFalse } from './variable-types.ts';

/** Variables of all profiles. The names are those of unified-proxy. */
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
  /** The gateway checked no key at all: ALLOW_ANONYMOUS_ACCESS then lets unknown keys in too. Default false. */
  readonly checkedNoKeys?: boolean;
  /** A client key of the profile's own. */
  readonly clientKey?: { readonly name: string; readonly key: string | undefined };
}

/**
 * The port and the client keys. All of these gateways listened on every address. Where anybody is let in, only this
 * machine can call unless HOST says that other machines are meant.
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

/** Nobody is let in without a key unless somebody said so. */
function anonymousOf(
  { ENABLE_CLIENT_AUTH, ALLOW_ANONYMOUS_ACCESS }: AccessValues,
  checkedNoKeys: boolean,
): 'any_key' | 'without_key' | undefined {
  if (!ENABLE_CLIENT_AUTH) return 'any_key';
  if (!ALLOW_ANONYMOUS_ACCESS) return undefined;
  return checkedNoKeys ? 'any_key' : 'without_key';
}
