import { describe, expect, it } from 'vitest';
import { generatedFiles } from '../src/generated-files.ts';
import { filesIn, readText } from './repository.ts';

describe('the committed files', () => {
  it.each(generatedFiles().map(({ path, text }) => [path, text] as const))(
    'equal the generated text: %s',
    (path, text) => {
      // npm run generate -w @sluice/dashboards writes them.
      expect(readText(path)).toBe(text);
    },
  );

  it.each(['deploy/grafana/dashboards', 'deploy/helm/sluice/files/dashboards'])(
    'are the only files in %s',
    (folder) => {
      const expected = generatedFiles().flatMap(({ path }) =>
        path.startsWith(`${folder}/`) ? [path.slice(folder.length + 1)] : [],
      );
      expect(filesIn(folder).sort()).toEqual(expected.sort());
    },
  );
});
