/**
 * What passes between the host and the function library, in the shapes that the real Node worker uses. The library
 * ships no types for it.
 */

export interface TypedData {
  readonly string?: string;
  readonly json?: string;
  readonly bytes?: Uint8Array;
  readonly int?: number;
  readonly double?: number;
  readonly http?: HttpData;
  /** The name of the arm in use, as protobuf adds it. */
  readonly data?: string;
}

export interface NullableValue<T> {
  readonly value?: T | null;
}

export interface HttpData {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly nullableHeaders?: Readonly<Record<string, NullableValue<string>>>;
  readonly params?: Readonly<Record<string, string>>;
  readonly nullableParams?: Readonly<Record<string, NullableValue<string>>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly nullableQuery?: Readonly<Record<string, NullableValue<string>>>;
  readonly body?: TypedData | null;
  readonly rawBody?: TypedData | null;
  readonly statusCode?: string;
  readonly cookies?: readonly HttpCookie[];
  readonly identities?: readonly unknown[];
  readonly enableContentNegotiation?: boolean;
}

export interface HttpCookie {
  readonly name: string;
  readonly value: string;
  readonly domain?: NullableValue<string>;
  readonly path?: NullableValue<string>;
  readonly expires?: NullableValue<{ readonly seconds: number }>;
  readonly secure?: NullableValue<boolean>;
  readonly httpOnly?: NullableValue<boolean>;
  readonly maxAge?: NullableValue<number>;
  readonly sameSite?: "none" | "lax" | "strict" | "explicitNone";
}

export interface Binding {
  readonly type: string;
  readonly direction: "in" | "out";
  readonly name?: string;
  readonly route?: string;
  readonly methods?: readonly string[];
  readonly authLevel?: string;
  readonly schedule?: string;
  readonly runOnStartup?: boolean;
  readonly useMonitor?: boolean;
}

export interface RetryOptions {
  readonly maxRetryCount?: number;
  readonly retryStrategy?: "fixedDelay" | "exponentialBackoff";
  readonly delayInterval?: { readonly seconds?: number };
  readonly minimumInterval?: { readonly seconds?: number };
  readonly maximumInterval?: { readonly seconds?: number };
}

export interface FunctionMetadata {
  readonly name: string;
  readonly bindings: Readonly<Record<string, Binding>>;
  readonly retryOptions?: RetryOptions;
}

export interface RetryContext {
  readonly retryCount: number;
  readonly maxRetryCount: number;
  readonly exception?: {
    readonly message: string;
    readonly source: string;
    readonly stackTrace: string;
  };
}

export interface InvocationRequest {
  readonly invocationId: string;
  readonly functionId: string;
  readonly inputData: readonly {
    readonly name: string;
    readonly data: TypedData | null;
    readonly rpcData: "data";
  }[];
  readonly triggerMetadata: Readonly<Record<string, TypedData>>;
  readonly traceContext: {
    readonly traceParent: string;
    readonly traceState: string;
    readonly attributes: Readonly<Record<string, string>>;
  };
  readonly retryContext: RetryContext | null;
}

export interface InvocationResponse {
  readonly invocationId: string;
  readonly outputData: readonly { readonly name: string; readonly data: TypedData }[];
  readonly returnValue?: TypedData | null;
}

export type LogLevel =
  "trace" | "debug" | "information" | "warning" | "error" | "critical" | "none";

export type LogCategory = "user" | "system" | "customMetric";

/** The hooks a library or an app may register; each gets a context that it may change. */
export type HookCallback = (context: unknown) => unknown;

export type FunctionCallback = (...inputs: unknown[]) => unknown;

export interface CoreInvocationContext {
  readonly invocationId: string;
  readonly request: InvocationRequest;
  readonly metadata: FunctionMetadata;
  state: "preInvocationHooks" | "invocation" | "postInvocationHooks" | undefined;
  log(level: LogLevel, category: LogCategory, message: string): void;
}

export interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], handler: FunctionCallback): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<InvocationResponse>;
}

export interface ProgrammingModel {
  readonly name: string;
  readonly version: string;
  getInvocationModel(context: CoreInvocationContext): InvocationModel;
  getCapabilities?(capabilities: Record<string, string>): Promise<Record<string, string>>;
}
