import { z } from "zod";
import { formatTimeSpan } from "../time-span.js";
import type { TaskFailed } from "./history-event.js";

type Failure = Pick<TaskFailed, "Reason" | "Details" | "FailureDetails">;

/** What the library makes of an error for which the app's exception properties provider has properties. */
const SerializedError = z.object({
  errorType: z.string(),
  errorMessage: z.string(),
  isNonRetriable: z.boolean(),
  properties: z.record(z.string(), z.unknown()),
  stackTrace: z.string().optional(),
});

/** How the failure of an activity is told to its orchestrator: the texts of the real host, its .NET stack left out. */
export function activityFailure(name: string, error: Error): Failure {
  const serialized = parseSerialized(error.message);
  if (serialized !== undefined) {
    return {
      Reason: `Activity function '${name}' failed with an unhandled exception.`,
      Details: null,
      FailureDetails: {
        ErrorType: serialized.errorType,
        ErrorMessage: serialized.errorMessage,
        StackTrace: serialized.stackTrace ?? null,
        InnerFailure: null,
        IsNonRetriable: serialized.isNonRetriable,
        Properties: serialized.properties,
      },
    };
  }
  const stack = error.stack ?? "";
  return {
    // The inner message begins with a space of its own: hence two of them here.
    Reason: `Activity function '${name}' failed:  ${error.message}`,
    Details: exceptionText("System.Exception, System.Private.CoreLib", ` ${error.message}`, {
      $type:
        "Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcException, Microsoft.Azure.WebJobs.Script",
      IsUserException: false,
      RemoteStackTrace: stack,
      RemoteMessage: error.message,
      RemoteTypeName: null,
      Message: `Result: Failure\nException: ${error.message}\nStack: ${stack}`,
      Data: { $type: "System.Collections.ListDictionaryInternal, System.Private.CoreLib" },
      InnerException: null,
      HelpLink: null,
      Source: "System.Private.CoreLib",
      HResult: -2146233088,
      StackTrace: null,
    }),
    FailureDetails: null,
  };
}

/** An activity that ran longer than functionTimeout. */
export function activityTimeout(name: string, timeoutMs: number): Failure {
  const message = `Timeout value of ${formatTimeSpan(timeoutMs)} was exceeded by function: Functions.${name}`;
  return {
    Reason: `Activity function '${name}' failed: ${message}`,
    Details: exceptionText(
      "Microsoft.Azure.WebJobs.Host.FunctionTimeoutException, Microsoft.Azure.WebJobs.Host",
      message,
      null,
    ),
    FailureDetails: null,
  };
}

function parseSerialized(message: string): z.infer<typeof SerializedError> | undefined {
  if (!message.startsWith("{")) return undefined;
  try {
    return SerializedError.safeParse(JSON.parse(message)).data;
  } catch {
    return undefined;
  }
}

function exceptionText(type: string, message: string, inner: object | null): string {
  return JSON.stringify({
    $type: type,
    ClassName: type.slice(0, type.indexOf(",")),
    Message: message,
    Data: null,
    InnerException: inner,
    HelpURL: null,
    StackTraceString: null,
    RemoteStackTraceString: null,
    RemoteStackIndex: 0,
    ExceptionMethod: null,
    HResult: -2146233088,
    Source: null,
    WatsonBuckets: null,
  });
}
