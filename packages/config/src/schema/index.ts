/** The parts of the tree of settings from which a profile makes the types of its variables. */
export { across, fieldOf } from './across.ts';
export { isBaseUrl } from './base-url.ts';
export { exampleFault, isOwnSecret, notKnownToAll, secretText } from '../example-secrets.ts';
export { plainKey } from './keys.ts';
export { mostConcurrency, usualConcurrency } from './processes.ts';
