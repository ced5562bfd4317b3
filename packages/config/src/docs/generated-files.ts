import { readFileSync } from 'node:fs';
import { configurationPage } from './configuration-page.ts';
import { editorSchema } from './editor-schema.ts';
import { envExample } from './env-example.ts';

/** A file that is generated from the tree of settings. */
export interface GeneratedFile {
  readonly url: URL;
  readonly text: string;
}

const root = new URL('../../../../', import.meta.url);

/** Returns every generated file with its text. */
export function generatedFiles(): GeneratedFile[] {
  const intro = readFileSync(new URL('packages/config/docs/configuration.intro.md', root), 'utf8');
  return [
    { url: new URL('packages/config/sluice.schema.json', root), text: editorSchema() },
    { url: new URL('docs/configuration.md', root), text: configurationPage(intro) },
    { url: new URL('.env.example', root), text: envExample() },
  ];
}
