/** A key without limits. */
export const blankKey = {
  admin: false,
  models: ['*'],
  limits: {},
  budgets: {},
  weight: 1,
  tags: [],
  allowedAddresses: [],
  mayLogBodies: false,
};
