import type { UpstreamFailure } from '@sluice/protocol';

/**
 * Returns the failure for a provider's TLS alert; undefined without an alert that names a cause. OpenSSL has the
 * alert's number only in its message:
 * https://www.iana.org/assignments/tls-parameters/tls-parameters.xhtml#tls-parameters-6
 */
export function toAlertFailure(error: unknown): UpstreamFailure | undefined {
  const alert = alertOf(error);
  if (alert === undefined) return undefined;
  if (alert === certificateRequired) return { kind: 'certificate', code: 'certificate_required', message: wantsOurs };
  if (refusals.has(alert)) return { kind: 'certificate', code: 'client_certificate_refused', message: refusesOurs };
  return alert === handshakeFailure ? { kind: 'network', message: refusesAll } : undefined;
}

const handshakeFailure = 40;
const certificateRequired = 116;
/** Alerts about a certificate: bad, unsupported, revoked, expired, unknown, of an unknown authority; access denied. */
const refusals: ReadonlySet<number> = new Set([42, 43, 44, 45, 46, 48, 49]);

const wantsOurs = 'The provider requires a client certificate: set tls.cert and tls.key of the upstream.';
const refusesOurs =
  'The provider does not accept the client certificate: correct tls.cert and tls.key of the upstream.';
/** The only alert, up to TLS 1.2, of a provider that requires a client certificate. */
const refusesAll =
  'The provider refused the TLS handshake: it requires a client certificate, or shares no cipher with this machine.';

function alertOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const [, number] = /SSL alert number (\d+)/.exec(error.message) ?? [];
  if (number !== undefined) return Number(number);
  return alertOf(error instanceof AggregateError ? error.errors[0] : error.cause);
}
