export {
  createKeptResponses,
  type KeptResponses,
  type KeptResponsesNeeds,
  type ResponsePlace,
} from './kept-responses.ts';
export type { AnswerWriter } from './answer-writer.ts';
export {
  type AnswerEntry,
  type AnswerPlace,
  createKeptAnswers,
  type FoundAnswer,
  type KeptAnswers,
  type KeptAnswersNeeds,
  type OpenedAnswer,
  processOf,
} from './kept-answers.ts';
export type { AnswerState } from './scripts.ts';
