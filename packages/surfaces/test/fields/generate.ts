import { writeFileSync } from 'node:fs';
import { pageFile, pageText } from './page.ts';

// Run by `npm run generate -w @sluice/surfaces`.
writeFileSync(pageFile, pageText());
