import { BadRequestError } from 'openai';
import { beforeAll, expect, it } from 'vitest';
import { type Sluice, startSluice } from './sluice.ts';
import { tokensOf } from './traffic.ts';

let sluice: Sluice;
beforeAll(async () => {
  sluice = await startSluice({ ingresses: 1, workers: 1 });
});

it('completions are served as chats, whole and streamed', async () => {
  const client = sluice.client();
  const asked = { model: 'demo', prompt: 'rid=x', max_tokens: 100 };
  const { choices, usage, object } = await client.completions.create(asked);
  expect(object).toBe('text_completion');
  expect(choices[0]).toMatchObject({ text: tokensOf('x', 16), finish_reason: 'stop' });
  expect(usage?.completion_tokens).toBe(16);
  let said = '';
  const reasons: unknown[] = [];
  for await (const {
    choices: [choice],
  } of await client.completions.create({ ...asked, stream: true })) {
    said += choice?.text ?? '';
    reasons.push(choice?.finish_reason);
  }
  expect(said).toBe(tokensOf('x', 16));
  expect(reasons.at(-1)).toBe('stop');
  await expect(client.completions.create({ ...asked, suffix: 'x' })).rejects.toThrow(BadRequestError);
});
