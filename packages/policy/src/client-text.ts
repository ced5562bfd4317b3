/**
 * A provider's text may name the operator's account, network or software. These two functions select the part that a
 * client reads: they remove ids and addresses from texts that help a client, and withhold a broken server's text
 * entirely if it shows internals.
 */

const mark = '…';

/** Top-level domains that public DNS does not resolve. */
const innerTld = String.raw`(?:internal|local|localdomain|lan|intranet|corp|home|private|svc|cluster|consul|test|docker|invalid)`;
const label = String.raw`[a-z0-9](?:[a-z0-9-]{0,62})`;
const ipv4 = String.raw`(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)`;
const ipv6 = String.raw`\[[0-9a-f:.]{2,45}\]|(?<![\w:])(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}(?![\w:])|(?<![\w:])(?:[0-9a-f]{1,4}:){1,6}:[0-9a-f]{0,4}`;
const innerHost = String.raw`(?<![\w-])(?:${label}\.){1,8}${innerTld}(?![\w-])(?:\.${label}){0,4}|(?<![\w.-])localhost(?![\w.-]*\w)`;
/** Hosts with the name of a cloud customer. */
const tenantHost = String.raw`(?<![\w-])(?:${label}\.){1,6}(?:azure\.com|azurewebsites\.net|azure-api\.net|windows\.net|amazonaws\.com|run\.app|aliyuncs\.com|cloudfront\.net|herokuapp\.com|workers\.dev)`;

/** Matches URLs of the operator's network, each as a whole. */
const innerUrl = new RegExp(
  String.raw`\b[a-z][a-z0-9+.-]{1,20}:\/\/(?:[^\s/@"'<>]{1,200}@)?(?:${ipv4}|${ipv6}|${innerHost}|${tenantHost}|${label}(?![\w.-])|[^\s/:"'<>]{1,253}:\d{2,5})[^\s"'<>)\]]*`,
  'gi',
);
const innerAddress = new RegExp(
  String.raw`(?:${ipv4}|${ipv6}|${innerHost}|${tenantHost})(?::\d{1,5})?|\b(?:${label}\.){1,8}[a-z]{2,24}:\d{2,5}\b`,
  'gi',
);

/** Matches account ids and fragments of keys. */
const ids: readonly RegExp[] = [
  /(?<![a-z0-9])(?:org|organization|proj|project|acct|account|team|tenant|workspace|wrkspc|ws|user|sub|cus|key|apikey|ak|sk|pk|rk|svcacct)[-_:][a-z0-9*_-]*[0-9*][a-z0-9*_-]*/gi,
  /(?<![a-z0-9])(?:org|proj|acct|wrkspc|sk|ak)-[a-z0-9_-]{8,}/gi,
  /(?<![\w/])projects\/[\w-]{3,80}/gi,
  /\bproject_number:\d{3,20}/gi,
  /\b(?:AIza|gsk_|xai-|hf_)[\w*-]{4,}/g,
  /(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}/g,
  // Keys that the provider has masked.
  /(?<![\w*])[\w-]{2,20}\*{3,60}[\w-]{0,20}/g,
];

/** Matches an account's name after the word for it: `organization "Acme Inc"`, `in organization Acme on tokens`. */
const accountName =
  /\b(organi[sz]ation|account|workspace|tenant|subscription|customer|billing account|deployment owner)(:? )(?:id |named? |ID )?(?:"[^"\n]{1,80}"|'[^'\n]{1,80}'|`[^`\n]{1,80}`)/gi;

/** Returns a text for the client without the operator's ids and addresses. */
export function withoutAccount(text: string): string {
  const named = text.replace(accountName, `$1$2${mark}`);
  return ids
    .reduce((clean, pattern) => clean.replace(pattern, mark), named.replace(innerUrl, mark))
    .replace(innerAddress, mark);
}

const stack =
  /\btraceback\b|^\s*at \S+ ?\(|\bat [\w.$<>]+ ?\([^)\s]{1,200}:\d+|\bfile "[^"\n]{1,300}", line \d+|\b\w+\.(?:py|js|ts|go|rs|java|rb|php|cpp|cu|so|dll):\d+|(?:^|\s)(?:[a-z_][\w]*\.){2,}[A-Z]\w*(?:Exception|Error)\b|goroutine \d+|panic:|errno \d+|0x[0-9a-f]{6,}/im;
const path = /(?:^|[\s"'`(=:])(?:\/(?!\/)[\w.@-]{1,80}){2,}|\b[a-z]:\\[\w\\.-]{2,}/i;
const anyHost =
  /:\/\/|\b(?:[a-z0-9-]{1,63}\.){1,8}(?:com|net|org|io|ai|dev|app|cn|co|eu|de|uk|us|info|cloud|run|sh|me|xyz|tech|site|online)\b/i;

/** Returns whether a broken server's text shows internals: hosts, paths, stacks, accounts. */
export const showsInside = (text: string): boolean =>
  stack.test(text) || path.test(text) || anyHost.test(text) || withoutAccount(text) !== text;
