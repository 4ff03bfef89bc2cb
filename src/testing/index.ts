/**
 * A service for the tests of your product, with a hand on its time and on the lines of its clients: `lastseen/testing`.
 *
 * @module
 */
export { ConfigError } from "../config/load.js";
export type { Line } from "./line.js";
export type { Person, PersonOptions } from "./person.js";
export { startTestService, type TestService, type TestServiceOptions, type TestSettings } from "./test-service.js";
