import { z } from 'zod';
import { across, fieldOf, findRepeated, textField } from './across.ts';
import { identifier, inWords, listOf, modelPattern, must, oneOf, section, wholeNumber } from '@sluice/setting-types';
import { contentPolicyRules } from '@sluice/policy';
import { thinkingModes } from '@sluice/answers';
import { wholeAnswerWays } from '../config.ts';

const targetsInWords = 'a list of at least one target';
const weightInWords = 'a number above 0';

const target = section({
  upstream: identifier().describe('Id of an upstream.'),
  model: modelPattern().optional().meta({ 'x-default': 'as the client named it' }).describe("The model's name there."),
  priority: wholeNumber(1).default(1).describe('Lower is tried first.'),
  weight: inWords(z.number(must(weightInWords)).positive(must(weightInWords)), weightInWords)
    .default(1)
    .describe('Share of the requests among targets of the same priority.'),
});

const targets = across(listOf(target, targetsInWords).min(1, must(targetsInWords)), (value) =>
  findRepeated({
    list: value,
    nameOf: (item) => JSON.stringify([fieldOf(item, 'upstream'), fieldOf(item, 'model') ?? null]),
    field: [],
    message: (first) => `is the same as targets[${first}]; remove one of them, or give the other more weight`,
  }),
);

/** The models that clients see. */
export const models = across(
  listOf(
    section({
      id: modelPattern().describe(
        'Name by which clients ask for it, or a glob over such names. An exact name wins over globs, of globs the first. Upper and lower case are the same.',
      ),
      targets: targets.describe('Where it can be served.'),
      thinking: oneOf(thinkingModes)
        .default('field')
        .describe(
          "What clients see of the model's reasoning: `field`: `reasoning_content` beside the content; `think`: in the content between `<think>` and `</think>`; `strip`: nothing; `raw`: in the content with the provider's own marks, if it uses them.",
        ),
      compress_context: section({
        rounds: wholeNumber(1)
          .default(10)
          .describe('How many rounds are sent. A round is a question with all that follows up to the next.'),
      })
        .optional()
        .describe(
          'Leave the oldest rounds out of long conversations. Instructions stay, and no call of a tool is parted from its result.',
        ),
      on_content_policy: oneOf(contentPolicyRules)
        .optional()
        .meta({ 'x-default': 'as `retry.on_content_policy`' })
        .describe('After a provider has refused the content: see `retry.on_content_policy`.'),
      whole_answers: oneOf(wholeAnswerWays)
        .optional()
        .meta({ 'x-default': "as each target's upstream says" })
        .describe('For clients that want a whole answer: see `upstreams[].whole_answers`.'),
      auto_continue: wholeNumber(0, 5)
        .default(0)
        .describe(
          'How often an answer that ends because it met its limit (`finish_reason` `length`) is written on by another call. Each may be as long as the client allows for one answer. 0: it stays cut.',
        ),
    }),
    'a list of models',
  ),
  (value) =>
    findRepeated({
      list: value,
      nameOf: (item) => textField('id')(item)?.toLowerCase(),
      field: ['id'],
      message: (first) => `is taken by models[${first}]; ids must differ in more than upper and lower case`,
    }),
);
