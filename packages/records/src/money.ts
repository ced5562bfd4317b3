import { z } from 'zod';

/** Money in integer micro-dollars: a float would not add up to the provider's bill. */
export const microDollars = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
