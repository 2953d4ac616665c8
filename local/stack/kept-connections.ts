/**
 * Loaded by `node --require`: keeps a process's connections to the simulator's proxy, as the SDKs keep theirs to Azure.
 * Of itself their pipeline makes a proxy agent that keeps none, and that agent tells HTTPS from HTTP by the call stack
 * while a connection is asked for, so it would not find a kept one again. A new handshake for every call is a fifth
 * of what a recovery computes.
 */
import type { ClientRequest } from "node:http";
import { HttpsProxyAgent } from "https-proxy-agent";

interface Agent {
  keepAlive: boolean;
  readonly options: { keepAlive?: boolean };
  addRequest: (
    this: Agent,
    request: ClientRequest,
    options: { secureEndpoint?: boolean; port?: unknown },
  ) => void;
}

const agents = HttpsProxyAgent.prototype as unknown as Agent;
const addRequest: Agent["addRequest"] = agents.addRequest;
agents.addRequest = function (request, options) {
  this.keepAlive = true;
  this.options.keepAlive = true;
  request.shouldKeepAlive = true;
  options.secureEndpoint = true;
  addRequest.call(this, request, options);
};
