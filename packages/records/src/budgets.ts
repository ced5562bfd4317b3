import { z } from 'zod';
import { microDollars } from './money.ts';

export const budgetWindows = ['day', 'month', 'total'] as const;
export type BudgetWindow = (typeof budgetWindows)[number];

/** Most money (micro-dollars) that a key or a team may spend: a UTC day, a UTC month, and in all. Absent = unlimited. */
export const budgetsSchema = z.object({
  day: microDollars.optional(),
  month: microDollars.optional(),
  total: microDollars.optional(),
});
export type Budgets = z.infer<typeof budgetsSchema>;

/** Owner of a budget. */
export type BudgetScope = 'key' | 'team';
