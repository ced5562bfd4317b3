import { writeFileSync } from 'node:fs';
import { tableFile, tableText } from './table-file.ts';

writeFileSync(tableFile, await tableText());
