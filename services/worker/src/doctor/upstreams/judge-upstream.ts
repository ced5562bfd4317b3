import type { FailureKind, UpstreamFailure } from '@sluice/protocol';
import { type Check, type CheckId, ok, problem, warning } from '../check.ts';

/** Adds the subject of a check, as in `upstream openai` and `upstream openai, credential main`. */
const named = (check: Check, about: string): Check => ({ ...check, about });

/** A failure on the way to a provider, before it has answered. */
export interface Unreached {
  readonly about: string;
  /** As in `api.openai.com:443`. */
  readonly place: string;
  readonly failure: UpstreamFailure;
  /** The system's error code if the name has no address. */
  readonly nameError: string | undefined;
  /** `tls.ca` of the upstream is set; it replaces the authorities that this machine trusts. */
  readonly hasCa: boolean;
}

const certificateAdvice: Readonly<Record<string, string>> = {
  certificate_expired: 'Tell the provider; if the server is yours, renew its certificate.',
  certificate_not_yet_valid: "Set this machine's clock.",
  certificate_wrong_host: 'Correct the host in base_url: the certificate is for another name.',
  certificate_self_signed:
    'If the server is yours, let Sluice trust its certificate: set tls.ca of the upstream to its file, or NODE_EXTRA_CA_CERTS. If not, something between Sluice and the provider intercepts TLS.',
  certificate_unknown_authority:
    'Let Sluice trust the authority: set tls.ca of the upstream to a file with its certificate, or NODE_EXTRA_CA_CERTS. A proxy that reads TLS has one of its own.',
  certificate_required: 'Set tls.cert and tls.key of the upstream to files that the provider has given out or signed.',
  client_certificate_refused:
    'Set tls.cert and tls.key of the upstream to a certificate that the provider has given out or signed.',
};

/** `tls.ca` replaces all other authorities: NODE_EXTRA_CA_CERTS does not help. */
const adviceBesideCa: Readonly<Record<string, string>> = {
  certificate_self_signed:
    'If the server is yours, add its certificate to the file of tls.ca of the upstream, which replaces all other authorities. If not, something between Sluice and the provider intercepts TLS.',
  certificate_unknown_authority:
    "Add the authority's certificate to the file of tls.ca of the upstream, which replaces all other authorities. A proxy that reads TLS has one of its own.",
};

const silentAdvice =
  'The server accepts connections and sends nothing: see whether it hangs or is overloaded, and whether it speaks HTTP at host and port of base_url.';

/** Sorts a failure into name, connection, proxy or TLS. */
export function judgeUnreached({ about, place, failure, nameError, hasCa }: Unreached): Check {
  const { kind, code, message } = failure;
  if (kind === 'certificate') {
    const advice =
      (hasCa ? adviceBesideCa[code ?? ''] : undefined) ??
      certificateAdvice[code ?? ''] ??
      'Tell the provider; if the server is yours, give it another certificate.';
    return named(problem('upstream.tls', `${place}: ${message}`, advice), about);
  }
  if (code?.startsWith('proxy_') === true) {
    const advice =
      'See whether the proxy runs, takes the user and password that it is given, and lets calls to this host pass.';
    return named(problem('upstream.proxy', `${place}: ${message}`, advice), about);
  }
  if (/\bTLS\b/.test(message)) {
    const advice = message.includes('client certificate')
      ? 'If the provider wants a certificate of ours, set tls.cert and tls.key of the upstream.'
      : 'Correct base_url: https:// where the server speaks TLS, http:// where it does not, and the port.';
    return named(problem('upstream.tls', `${place}: ${message}`, advice), about);
  }
  if (nameError !== undefined) return named(judgeName(place, nameError), about);
  // A server that accepted the connection was reached: no firewall is in between.
  if (kind === 'timeout') return named(problem('upstream.connect', `${place}: ${message}`, silentAdvice), about);
  const advice = /timed out/.test(message)
    ? 'A firewall is probably in between, or this network reaches the provider by a proxy alone.'
    : 'See whether the server runs, whether host and port of base_url are right, and whether a firewall is in between.';
  return named(problem('upstream.connect', `${place}: ${message}`, advice), about);
}

function judgeName(place: string, code: string): Check {
  const text = `The name of ${place} has no address (${code}).`;
  return code === 'ENOTFOUND'
    ? problem(
        'upstream.dns',
        text,
        'Correct the host in base_url; if it is right, see which name server this machine asks.',
      )
    : problem('upstream.dns', text, 'No name server answers: see /etc/resolv.conf and the network of this machine.');
}

/** The finding for a provider that sent any answer. */
export function judgeReached(about: string, place: string, isTls: boolean): Check {
  const tls = isTls ? ', with a certificate that this machine trusts' : ', without TLS';
  return named(ok('upstream.connect', `${place} has an address and takes connections${tls}.`), about);
}

/** The answer to a call for the list of models. */
export interface ModelsAnswer {
  readonly about: string;
  readonly status: number;
  /** Undefined for a status of success. */
  readonly failure: UpstreamFailure | undefined;
  /** Number of models in the list; undefined if the answer is not a list. */
  readonly count: number | undefined;
  readonly hasKey: boolean;
}

interface Saying {
  readonly level: 'ok' | 'warning' | 'problem';
  readonly text: string;
  readonly advice: string;
  /** The provider's own message is left out: it shows the beginning and the end of the key. */
  readonly isSilent?: true;
}

const sayings: Readonly<Partial<Record<FailureKind, Saying>>> = {
  authentication: {
    level: 'problem',
    text: 'The provider refuses the key',
    isSilent: true,
    advice: 'Correct api_key: it is wrong, revoked, or of another provider or region. Without a key, add one.',
  },
  permission: {
    level: 'problem',
    text: 'The provider accepts the key, but does not allow it to list models',
    advice: 'See what the key may do, and whether the provider serves the region of this machine.',
  },
  quota: {
    level: 'problem',
    text: 'The account has no credit or quota left',
    advice: 'Top it up, or give the upstream a credential of another account.',
  },
  rate_limit: {
    level: 'warning',
    text: 'The provider accepts the key and limits its rate at the moment',
    advice: 'Wait, or add credentials: requests are spread over them.',
  },
  not_found: {
    level: 'warning',
    text: 'The provider has no list of models there',
    advice: 'If chat requests fail too, base_url is wrong: for OpenAI and what speaks its protocol it ends with /v1.',
  },
  server: {
    level: 'warning',
    text: 'The provider fails at the moment',
    advice: "Try again later, and look at the provider's status page; requests are retried and go to other targets.",
  },
  busy: {
    level: 'warning',
    text: 'The provider is busy at the moment',
    advice: 'Try again later.',
  },
};

const otherwise: Saying = {
  level: 'warning',
  text: 'The answer of the provider is not a list of models',
  advice: 'See whether base_url is that of the API, and not of a web page or of a proxy in between.',
};

/** Explains a status in a sentence. */
export function judgeModels({ about, status, failure, count, hasKey }: ModelsAnswer): Check {
  const id = 'upstream.models';
  if (failure === undefined && count !== undefined) {
    const key = hasKey ? 'The provider accepts the key and' : 'The provider needs no key and';
    return named(ok(id, `${key} lists ${count} model${count === 1 ? '' : 's'} (${status}).`), about);
  }
  if (failure === undefined) return named(finding(id, otherwise, ` (${status})`), about);
  const redirects = status >= 300 && status < 400;
  const saying = redirects || status === 407 ? problemOfWay : (sayings[failure.kind] ?? otherwise);
  const said = saying.isSilent === true ? '' : `: ${failure.message}`;
  return named(finding(id, saying, ` (${status})${said}`), about);
}

const problemOfWay: Saying = {
  level: 'problem',
  text: 'Something before the provider answers',
  advice: 'Correct base_url, or the address and the credentials of the proxy.',
};

function finding(id: CheckId, { level, text, advice }: Saying, more: string): Check {
  const whole = `${text}${more}`;
  const sentence = /[.!?]$/.test(whole) ? whole : `${whole}.`;
  return level === 'problem' ? problem(id, sentence, advice) : warning(id, sentence, advice);
}
