import { beforeEach } from 'vitest';

/*
 * A file of vitest's `setupFiles`. When a test with `verifies` fails, it appends the broken promises to the message of the
 * error, so that every reporter shows them.
 */
beforeEach(({ task, onTestFailed }) => {
  const rows = task.meta.verifies;
  if (rows === undefined) return;
  onTestFailed(async () => {
    // Every test file loads this one, so the checklist is read only after a failure.
    const { describeRow } = await import('./describe-row.ts');
    const [error] = task.result?.errors ?? [];
    if (error !== undefined) error.message += `\n\nThe test proves:\n${rows.map(describeRow).join('\n')}`;
  });
});
