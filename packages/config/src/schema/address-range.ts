import { isIP } from 'node:net';
import { inWords, must } from '@sluice/setting-types';
import { z } from 'zod';

const rangeInWords = 'an IP address or a network such as 10.0.0.0/8';

/** Type of an address, or of a network in CIDR form. */
export const addressRange = inWords(
  z.string(must(rangeInWords)).refine((text) => isAddressRange(text), must(rangeInWords)),
  rangeInWords,
);

function isAddressRange(text: string): boolean {
  const { address = '', bits } = /^(?<address>[^/%]+)(?:\/(?<bits>\d{1,3}))?$/.exec(text)?.groups ?? {};
  const version = isIP(address);
  return version !== 0 && Number(bits ?? 0) <= (version === 4 ? 32 : 128);
}
