import { z } from 'zod';
import { across, fieldOf, findRepeated, textField } from './across.ts';
import { identifier, inWords, listOf, modelPattern, must, oneOf, section, wholeNumber } from '@sluice/setting-types';
import { contentPolicyRules } from '@sluice/policy';
import { thinkingModes } from '@sluice/answers';
import { wholeAnswerWays } from './whole-answers.ts';

const targetsInWords = 'a list of at least one target';
const weightInWords = 'a number above 0';

const target = section({
  upstream: identifier().describe('Id of an upstream.'),
  model: modelPattern()
    .optional()
    .meta({ 'x-default': "the client's name for it" })
    .describe('Name of the model at the upstream.'),
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
        "Model name in clients' requests, or a glob over such names. An exact name wins over globs; the first matching glob wins over later ones. Case does not count.",
      ),
      targets: targets.describe('Targets that can serve the model.'),
      thinking: oneOf(thinkingModes)
        .default('field')
        .describe(
          "Form of the model's reasoning in answers: `field`: `reasoning_content` beside the content; `think`: in the content between `<think>` and `</think>`; `strip`: left out; `raw`: in the content with the provider's own marks, if it uses them.",
        ),
      compress_context: section({
        rounds: wholeNumber(1)
          .default(10)
          .describe('Number of rounds that are sent. A round is a user message with everything up to the next one.'),
      })
        .optional()
        .describe(
          'Leaves the oldest rounds out of long conversations. Instructions stay, and tool calls keep their results.',
        ),
      on_content_policy: oneOf(contentPolicyRules)
        .optional()
        .meta({ 'x-default': 'as `retry.on_content_policy`' })
        .describe('Rule for content that a provider refuses: see `retry.on_content_policy`.'),
      whole_answers: oneOf(wholeAnswerWays)
        .optional()
        .meta({ 'x-default': "the setting of each target's upstream" })
        .describe('Way to get an answer that is not streamed: see `upstreams[].whole_answers`.'),
      auto_continue: wholeNumber(0, 5)
        .default(0)
        .describe(
          'Largest number of extensions of an answer that reached its length limit (`finish_reason` `length`). Each may be as long as the client allows for one answer. 0 = answers are not extended.',
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
