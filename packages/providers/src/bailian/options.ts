import { flag, inWords, must, oneOf, section, token } from '@sluice/setting-types';
import { z } from 'zod';

const mapping = () => inWords(z.record(z.string(), z.unknown(), must('a mapping')), 'a mapping');

export const options = section({
  mode: oneOf(['native', 'compatible'])
    .default('native')
    .describe(
      "Protocol of the calls: `native` calls applications; `compatible` calls plain models with OpenAI's protocol.",
    ),
  app_id: token('text without spaces')
    .optional()
    .meta({ 'x-default': "the target's model name" })
    .describe('Id of the application that answers requests for every model.'),
  workspace: token('text without spaces')
    .optional()
    .meta({ 'x-default': "the key's default workspace" })
    .describe('Workspace of the application or model.'),
  thoughts: flag()
    .default(false)
    .describe('Asks an application for the reasoning of its models; clients get it as `reasoning_content`.'),
  incremental: flag()
    .default(true)
    .describe(
      'Asks for streams whose frames hold only the new text. Without it, each frame repeats the text before, and Sluice removes that.',
    ),
  biz_params: mapping()
    .optional()
    .meta({ 'x-default': 'none' })
    .describe("Values of an application's variables. The field of the same name of a request replaces them."),
  rag_options: mapping()
    .optional()
    .meta({ 'x-default': 'none' })
    .describe('Retrieval settings of an application. The field of the same name of a request replaces them.'),
});

export type BailianOptions = z.output<typeof options>;
