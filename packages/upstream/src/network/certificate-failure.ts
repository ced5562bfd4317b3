import type { UpstreamFailure } from '@sluice/protocol';

/**
 * Returns the failure for a certificate that Node or OpenSSL rejects; undefined for any other code. Neither a retry nor
 * another credential helps: the operator must act.
 */
export function toCertificateFailure(code: string): UpstreamFailure | undefined {
  const problem = problems[code];
  return problem === undefined ? undefined : { kind: 'certificate', code: problem, message: messages[problem] };
}

type Problem = keyof typeof messages;

const messages = {
  certificate_expired: "The provider's TLS certificate has expired.",
  certificate_not_yet_valid: "The provider's TLS certificate is not valid yet; check this machine's clock.",
  certificate_wrong_host: "The provider's TLS certificate is for another host name than that of the base URL.",
  certificate_self_signed: "The provider's TLS certificate is self-signed, so no trusted authority confirms it.",
  certificate_unknown_authority:
    "The provider's TLS certificate was issued by an authority that this machine does not trust.",
  certificate_invalid: "The provider's TLS certificate is not acceptable.",
} as const;

/** Codes: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const problems: Readonly<Record<string, Problem>> = {
  CERT_HAS_EXPIRED: 'certificate_expired',
  CERT_NOT_YET_VALID: 'certificate_not_yet_valid',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate_wrong_host',
  ERR_TLS_CERT_ALTNAME_FORMAT: 'certificate_wrong_host',
  HOSTNAME_MISMATCH: 'certificate_wrong_host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate_self_signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate_unknown_authority',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate_unknown_authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate_unknown_authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate_unknown_authority',
  CERT_UNTRUSTED: 'certificate_unknown_authority',
  CERT_CHAIN_TOO_LONG: 'certificate_invalid',
  CERT_REJECTED: 'certificate_invalid',
  CERT_REVOKED: 'certificate_invalid',
  CERT_SIGNATURE_FAILURE: 'certificate_invalid',
  ERROR_IN_CERT_NOT_AFTER_FIELD: 'certificate_invalid',
  ERROR_IN_CERT_NOT_BEFORE_FIELD: 'certificate_invalid',
  INVALID_CA: 'certificate_invalid',
  INVALID_PURPOSE: 'certificate_invalid',
  PATH_LENGTH_EXCEEDED: 'certificate_invalid',
  UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: 'certificate_invalid',
  UNABLE_TO_DECRYPT_CERT_SIGNATURE: 'certificate_invalid',
  ERR_SSL_EE_KEY_TOO_SMALL: 'certificate_invalid',
  ERR_SSL_CA_MD_TOO_WEAK: 'certificate_invalid',
};
