import { flag, inWords, must, oneOf, section, token } from '@sluice/setting-types';
import { z } from 'zod';

const mapping = () => inWords(z.record(z.string(), z.unknown(), must('a mapping')), 'a mapping');

export const options = section({
  mode: oneOf(['native', 'compatible'])
    .default('native')
    .describe('`native` calls applications; `compatible` calls plain models in the words of OpenAI.'),
  app_id: token('text without spaces')
    .optional()
    .meta({ 'x-default': "the target's model name" })
    .describe('The application that answers, whatever the model is called.'),
  workspace: token('text without spaces')
    .optional()
    .meta({ 'x-default': "the key's default workspace" })
    .describe('The workspace in which the application or model is.'),
  thoughts: flag()
    .default(false)
    .describe('Ask an application for the thoughts of its models, which clients get as `reasoning_content`.'),
  incremental: flag()
    .default(true)
    .describe('Ask for streams in which a frame holds only what is new. Without it, what is new is worked out here.'),
  biz_params: mapping()
    .optional()
    .meta({ 'x-default': 'none' })
    .describe("Values of an application's own variables. A request's field of the same name stands in their place."),
  rag_options: mapping()
    .optional()
    .meta({ 'x-default': 'none' })
    .describe("What an application looks up and where. A request's field of the same name stands in its place."),
});

export type BailianOptions = z.output<typeof options>;
