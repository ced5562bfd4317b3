/** Parts of the settings tree that profiles use for the types of their variables. */
export { across, fieldOf } from './across.ts';
export { isBaseUrl } from './base-url.ts';
export { exampleFault, isOwnSecret, notKnownToAll, secretText } from '../example-secrets.ts';
export { keySettings, teamSettings } from './key-fields.ts';
export { plainKey } from './keys.ts';
export { mostConcurrency, usualConcurrency } from './processes.ts';
