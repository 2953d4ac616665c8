import type { Agent } from "node:https";

/** A credential whose token is asked for anew at each call, and stays good for a month. */
export const credentialOf = (token: () => string) => ({
  getToken: () =>
    Promise.resolve({ token: token(), expiresOnTimestamp: Date.now() + 3_600_000 * 24 * 30 }),
});

/** Leads an ARM client to a simulator, and lets each answer be seen: nothing is repeated. */
export const sdkOptions = ({ agent }: { readonly agent: Agent }) => ({
  retryOptions: { maxRetries: 0 },
  additionalPolicies: [
    {
      position: "perRetry" as const,
      policy: {
        name: "toSimulator",
        sendRequest: <Request extends object, Answer>(
          request: Request,
          next: (request: Request) => Promise<Answer>,
        ): Promise<Answer> => next(Object.assign(request, { agent })),
      },
    },
  ],
});
