import { classifyError, wasRefused } from "../../src/azure/classify-error.js";
import { terminal } from "../../src/domain/failure.js";

const azure = (statusCode: number, code: string, retryAfter?: string) =>
  Object.assign(new Error(`answer ${statusCode}`), {
    name: "RestError",
    statusCode,
    code,
    response: {
      headers: new Headers(retryAfter === undefined ? {} : { "retry-after": retryAfter }),
    },
  });

describe("classify error", () => {
  it.each([
    [azure(429, "TooManyRequests", "17"), "transient", 17_000],
    [azure(503, "ServerBusy"), "transient", undefined],
    [azure(409, "ContainerAppOperationInProgress"), "busy", undefined],
    [azure(403, "AuthorizationFailed"), "permission-lag", undefined],
    [azure(409, "RoleAssignmentExists"), "already-done", undefined],
    [azure(404, "ResourceNotFound"), "terminal", undefined],
    [azure(400, "InvalidParameterValue"), "terminal", undefined],
    [azure(403, "ScopeLocked"), "terminal", undefined],
  ])("takes %s for %s", (error, of, retryAfter) => {
    expect(classifyError(error)).toMatchObject({ class: of });
    expect(classifyError(error)?.retryAfter).toBe(retryAfter);
  });

  it("takes a broken wire and a time limit for transient", () => {
    const fetchFailed = new TypeError("fetch failed", {
      cause: Object.assign(new Error("reset"), { code: "ECONNRESET" }),
    });

    expect(classifyError(fetchFailed)).toMatchObject({ class: "transient", code: "ECONNRESET" });
    expect(classifyError(new DOMException("late", "TimeoutError"))).toMatchObject({
      class: "transient",
      code: "time-limit",
    });
  });

  it("reads the storage service's own code, and a bare status", () => {
    const storage = Object.assign(new Error("no"), {
      statusCode: 409,
      details: { errorCode: "ContainerAlreadyExists" },
    });

    expect(classifyError(storage)?.class).toBe("already-done");
    expect(classifyError(Object.assign(new Error("x"), { statusCode: 418 }))?.code).toBe(
      "http-418",
    );
  });

  it.each([
    [403, "Forbidden", "ForbiddenByRbac", "permission-lag"],
    [403, "Forbidden", "ForbiddenByPolicy", "permission-lag"],
    [403, "Forbidden", "ForbiddenByFirewall", "terminal"],
    [403, "Forbidden", "ForbiddenByConnection", "terminal"],
    [403, "Forbidden", "SecretDisabled", "terminal"],
    [409, "Conflict", "ObjectIsBeingDeleted", "busy"],
    [409, "Conflict", "ObjectIsBeingRecovered", "busy"],
    [409, "Conflict", "ObjectIsDeletedButRecoverable", "terminal"],
  ])("reads why Key Vault refuses: %i %s, %s within, is %s", (status, code, within, of) => {
    const error = Object.assign(azure(status, code), {
      details: { error: { code, innerError: { code: within } } },
    });

    expect(classifyError(error)).toMatchObject({ class: of, code: within });
  });

  it("waits for another change of the edge, and not for other conflicts of that code", () => {
    const conflict = (message: string) => Object.assign(azure(409, "Conflict"), { message });

    expect(classifyError(conflict("Another operation is in progress on 'storage'."))).toMatchObject(
      { class: "busy", code: "Conflict" },
    );
    expect(classifyError(conflict("That name cannot be changed."))?.class).toBe("terminal");
  });

  it("tells a vault whose name is held by a deleted one from a vault that is being changed", () => {
    const busy = azure(409, "ConflictError");
    const held = azure(409, "ConflictError");
    held.message = "A vault with the same name already exists in deleted state.";

    expect(classifyError(busy)).toMatchObject({ class: "busy", code: "ConflictError" });
    expect(classifyError(held)).toMatchObject({ class: "terminal", code: "vault-soft-deleted" });
  });

  it("takes an identity that does not answer for transient and keeps a class that was given", () => {
    const identity = Object.assign(new Error("none"), { name: "CredentialUnavailableError" });

    expect(classifyError(identity)?.class).toBe("transient");
    expect(classifyError(terminal("x", "y"))).toEqual({
      class: "terminal",
      code: "x",
      message: "y",
    });
  });

  it("does not take a defect for an answer, whatever was thrown", () => {
    for (const thrown of [new TypeError("x is not a function"), "text", undefined, null, 7, {}]) {
      expect(classifyError(thrown)).toBeNull();
    }
  });

  it("scrubs and shortens what it passes on", () => {
    const error = azure(500, "x");
    error.message = `password=hunter2hunter2 ${"long ".repeat(500)}`;

    expect(classifyError(error)?.message).not.toContain("hunter2");
    expect(classifyError(error)?.message.length).toBeLessThanOrEqual(400);
  });

  it("knows a clear no from an answer that says nothing about the act", () => {
    expect(wasRefused(azure(429, "x"))).toBe(true);
    expect(wasRefused(azure(409, "x"))).toBe(true);
    expect(wasRefused(azure(408, "x"))).toBe(false);
    expect(wasRefused(azure(500, "x"))).toBe(false);
    expect(wasRefused(Object.assign(new Error("x"), { code: "ECONNRESET" }))).toBe(false);
  });
});
