import type { Service } from '../metric-row.ts';

export const ingress: readonly Service[] = ['ingress'];
export const worker: readonly Service[] = ['worker'];
export const both: readonly Service[] = ['ingress', 'worker'];
