import { chatMessageSchema, contentPartSchema, toolCallSchema, toolSchema, usageSchema } from '@sluice/protocol';
import { adminDescriptions } from '../admin/admin-descriptions.ts';
import { conversationDescriptions } from '../conversations/conversation-descriptions.ts';
import { chatChunk } from './answer-schemas.ts';
import { completionsRoutes } from './completions-routes.ts';
import { documentRoutes } from './document-routes.ts';
import { healthRoutes } from './health-routes.ts';
import { inferenceRoutes } from './inference-routes.ts';
import { keyRouteDescriptions } from './key-routes.ts';
import { messagesRoutes } from './messages-routes.ts';
import { geminiRouteDescriptions } from './gemini-routes.ts';
import { responsesRoutes } from './responses-routes.ts';
import { keptRouteDescriptions } from './kept-routes.ts';
import { modelRoutes } from './model-routes.ts';
import type { NamedSchema, RouteDescription } from './route-description.ts';

/** Every route of the document. A module of routes joins by a line here. */
export const routes: readonly RouteDescription[] = [
  ...inferenceRoutes,
  ...completionsRoutes,
  ...messagesRoutes,
  ...responsesRoutes,
  ...geminiRouteDescriptions,
  ...keptRouteDescriptions,
  ...modelRoutes,
  ...conversationDescriptions,
  ...keyRouteDescriptions,
  ...adminDescriptions,
  ...healthRoutes,
  ...documentRoutes,
];

/** Schemas inside others that have a name of their own in the document, and the events of a stream. */
export const innerSchemas: readonly NamedSchema[] = [
  { name: 'ChatMessage', schema: chatMessageSchema },
  { name: 'ContentPart', schema: contentPartSchema },
  { name: 'Tool', schema: toolSchema },
  { name: 'ToolCall', schema: toolCallSchema },
  { name: 'Usage', schema: usageSchema },
  chatChunk,
];
