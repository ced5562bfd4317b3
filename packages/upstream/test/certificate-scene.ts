import { generate } from 'selfsigned';

type Options = Parameters<typeof generate>[1];
export type Certificate = Awaited<ReturnType<typeof generate>>;

/** Issues a certificate for a name; self-signed unless `options.ca` is set. */
export const issue = (options: Options, name = 'localhost'): Promise<Certificate> =>
  generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: name }] }],
    ...options,
  });

export const authority: Promise<Certificate> = issue(
  { extensions: [{ name: 'basicConstraints', cA: true, critical: true }] },
  'An authority',
);

/** Issues a certificate of the test authority. */
export async function signed(options: Options = {}, name = 'localhost'): Promise<Certificate> {
  const { private: key, cert } = await authority;
  return issue({ ca: { key, cert }, ...options }, name);
}
