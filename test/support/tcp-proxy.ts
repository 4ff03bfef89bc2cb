export { TcpProxy } from "../../src/testing/tcp-proxy.js";
