import { hash } from 'node:crypto';

/** Proves that thoughts are the model's own. */
export const signatureOf = (thoughts: string): string => hash('sha256', `thought: ${thoughts}`, 'base64');
