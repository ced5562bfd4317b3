/** Spellings of example secrets, in the documentation of the five gateways and of Sluice, that follow from a pattern. */
export const exampleSpellings: readonly string[] = [
  'YOUR_API_KEY',
  '"your-api-key"',
  "'YOUR_API_KEY'",
  '<your-api-key>',
  'sk-your-api-key',
  'xxxxxxxxxxxxx',
  'sk-5dfxxxxxxxxxxxxxxxxxxx',
  `pat_91b9${'0aZ'.repeat(20)}`,
];
