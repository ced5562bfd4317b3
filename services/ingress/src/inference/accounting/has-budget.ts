import type { Budgets } from '@sluice/records';

/** Returns whether a key or a team has any budget. */
export const hasBudget = ({ day, month, total }: Budgets = {}): boolean => (day ?? month ?? total) !== undefined;
