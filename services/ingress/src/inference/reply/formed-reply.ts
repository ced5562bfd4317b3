import type { AnswerForms } from './answer-form.ts';
import { withCopy } from './copied-reply.ts';
import type { Reply, ReplyNeeds } from './reply.ts';
import { createStreamReply } from './stream-reply.ts';
import { createWholeReply } from './whole-reply.ts';

/** Creates the writer of an answer in the form of its surface. Copies of the answer keep the form of the worker's text. */
export function createFormedReply(needs: ReplyNeeds, forms: AnswerForms): Reply {
  const { stream, copies } = needs;
  return withCopy(
    stream
      ? createStreamReply(needs, forms.stream(), forms.settled)
      : createWholeReply(needs, forms.whole, forms.settled),
    copies,
    stream,
  );
}
