import { beforeEach } from 'vitest';

/*
 * A file of vitest's `setupFiles`. When a test fails that `verifies` ties to rows of the checklist, the failure says which
 * promises are broken, in every reporter: the sentences stand below the error's own message.
 */
beforeEach(({ task, onTestFailed }) => {
  const rows = task.meta.verifies;
  if (rows === undefined) return;
  onTestFailed(async () => {
    // Each test file loads this one; the checklist is read only where a test fails.
    const { describeRow } = await import('./describe-row.ts');
    const [error] = task.result?.errors ?? [];
    if (error !== undefined) error.message += `\n\nThe test proves:\n${rows.map(describeRow).join('\n')}`;
  });
});
