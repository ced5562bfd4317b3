import { hash } from 'node:crypto';

/** Signs reasoning, so that forged reasoning can be refused. */
export const signatureOf = (thoughts: string): string => hash('sha256', `thought: ${thoughts}`, 'base64');
