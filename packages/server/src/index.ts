/**
 * For the backend of a product that uses Lastseen: {@link LastseenApi} asks the service, {@link verifyWebhook} checks what the
 * service sends, and {@link signToken} makes the tokens with which the product's pages say hello.
 *
 * @module
 */
export { LastseenApi } from "./api.js";
export { LastseenApiError, type ApiErrorCode } from "./api-error.js";
export type { ApiOptions, CallOptions, Fetch } from "./options.js";
export type { SessionQuery } from "./sessions-api.js";
export { signToken, type TokenOptions } from "./token.js";
export {
  verifyWebhook,
  WebhookError,
  type LastseenEvent,
  type ReceivedWebhook,
  type WebhookHeaders,
  type WebhookMessage,
} from "./webhook.js";
