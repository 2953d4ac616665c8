import type { FunctionMetadata, TypedData } from "./rpc.js";

/** The values of a function's durableClient bindings: all of them are the same text. */
export function clientInputs(
  metadata: FunctionMetadata,
  clientBinding: string,
): readonly { readonly name: string; readonly data: TypedData }[] {
  return Object.entries(metadata.bindings)
    .filter(([, { type }]) => /^(durableClient|orchestrationClient)$/i.test(type))
    .map(([name]) => ({ name, data: { string: clientBinding, data: "string" } }));
}
