export {
  createKeptResponses,
  type KeptResponses,
  type KeptResponsesNeeds,
  type ResponsePlace,
} from './kept-responses.ts';
