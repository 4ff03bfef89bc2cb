/** One small application for each way in which Node.js applications are made, each with a server of its own. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { Controller, Get, Module, type INestApplication } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import express from "express";
import { onTestFinished } from "vitest";
import { attachLastseen, type AttachedLastseen, type AttachOptions } from "../../../src/node/index.js";
import { TestClient } from "../../support/test-client.js";

/** For packages without types. */
const load = createRequire(import.meta.url);

/** An application that answers `GET /own` with "own" and everything else with 404. */
export interface Backend {
  readonly server: Server;
  /** As the application closes itself. */
  close(): Promise<void>;
}

interface KoaApplication {
  use(middleware: (context: { path: string; body: string }) => void): void;
  callback(): RequestListener;
}

const closing = (server: Server) => (): Promise<void> =>
  new Promise((resolve, reject) => server.close((error) => (error ? reject(error) : resolve())));

function onExpress(make: typeof express): Backend {
  const app = make();
  app.get("/own", (_request, response) => void response.send("own"));
  const server = createServer(app);
  return { server, close: closing(server) };
}

function onKoa(): Backend {
  const Koa = load("koa") as new () => KoaApplication;
  const app = new Koa();
  app.use((context) => {
    if (context.path === "/own") context.body = "own";
  });
  const server = createServer(app.callback());
  return { server, close: closing(server) };
}

async function onNest(): Promise<Backend> {
  // As TypeScript compiles decorators; the test's compiler does not know them.
  class Own {
    own(): string {
      return "own";
    }
  }
  const method = Object.getOwnPropertyDescriptor(Own.prototype, "own") as PropertyDescriptor;
  Get("own")(Own.prototype, "own", method);
  Controller()(Own);
  const App = class {
    readonly name = "app";
  };
  Module({ controllers: [Own] })(App);
  const app: INestApplication<Server> = await NestFactory.create(App, { logger: false });
  await app.init();
  return { server: app.getHttpServer(), close: () => app.close() };
}

function onNothing(): Backend {
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    response.statusCode = request.url === "/own" ? 200 : 404;
    response.end(request.url === "/own" ? "own" : "");
  });
  return { server, close: closing(server) };
}

export const BACKENDS: readonly (readonly [name: string, make: () => Backend | Promise<Backend>])[] = [
  ["Express 5", () => onExpress(express)],
  ["Express 4", () => onExpress(load("express4") as typeof express)],
  ["Koa", onKoa],
  ["Nest", onNest],
  ["node:http", onNothing],
];

/** An application of `node:http`, and a listener for requests of the test's own. */
export function plainBackend(): Backend {
  return onNothing();
}

/** Attaches Lastseen for tests: it trusts every user, its graces are short, and its log is kept. */
export async function attach(
  { server }: Backend,
  options: AttachOptions = {},
): Promise<{
  lastseen: AttachedLastseen;
  listen: () => Promise<string>;
  connect: (path?: string) => Promise<TestClient>;
}> {
  const settings = { RESUME_GRACE_MS: 200, RELOAD_GRACE_MS: 200, ...options.settings };
  const lastseen = await attachLastseen(server, {
    environment: "test",
    prefix: "/presence",
    logger: false,
    ...options,
    settings,
  });
  onTestFinished(() => lastseen.close());
  const origin = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    lastseen,
    async listen() {
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      onTestFinished(() => {
        server.closeAllConnections();
        server.close();
      });
      return origin();
    },
    connect: (path = "/presence/ws") => TestClient.open(`${origin().replace("http", "ws")}${path}`),
  };
}
