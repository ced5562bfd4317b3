import type { ChatBody, JsonObject } from '@sluice/protocol';

/** The body of a request as a test writes it: the types of its members are not checked, and some are wrong on purpose. */
export const untyped = (body: JsonObject): ChatBody => body;
