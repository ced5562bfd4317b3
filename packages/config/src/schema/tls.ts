import { flag, inWords, must, section, someText } from '@sluice/setting-types';
import { z } from 'zod';
import { across } from './across.ts';
import { findHalfCertificate, tlsFiles } from './tls-files.ts';

const tlsInWords = 'true, false or a mapping with ca, cert, key, servername and reject_unauthorized';

/** Returns the type of the TLS of a connection: whether, or how. @param servername meaning of the setting of this name */
export function tls({ peer, servername }: { readonly peer: string; readonly servername: string }) {
  const details = across(
    section({
      ...tlsFiles(peer),
      servername: someText('a host name')
        .optional()
        .meta({ 'x-default': 'the host of the connection' })
        .describe(servername),
      reject_unauthorized: flag()
        .default(true)
        .describe('Refuses a certificate without the signature of a trusted authority. `false` only for tests.'),
    }),
    findHalfCertificate,
  );
  return inWords(z.union([flag(), details], must(tlsInWords)), tlsInWords).optional();
}
