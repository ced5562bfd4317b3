import { writeFileSync } from 'node:fs';
import { generatedPages } from './generated-pages.ts';

for (const { url, text } of generatedPages()) writeFileSync(url, text);
