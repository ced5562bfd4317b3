import type { KeyLimits } from './admission-request.ts';

/** Returns a key's limits as arguments of a script: those of `acquire-10.lua` from ARGV[6], of `peek-3.lua` from ARGV[2]. */
export function limitArguments(limits: KeyLimits): number[] {
  const { concurrency = 0, rpm = 0, rpmBurst = rpm, tpm = 0, tpmBurst = tpm } = limits;
  return [concurrency, rpm, rpmBurst, tpm, tpmBurst];
}
