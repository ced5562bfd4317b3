/** The release of the package that the table is made from. A new version needs its day: `npm view PACKAGE time`. */
export const release = { package: '@pydantic/genai-prices', version: '0.1.8', date: '2026-09-23' } as const;
