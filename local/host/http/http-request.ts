import type { HttpData, NullableValue, TypedData } from "../worker/rpc.js";
import type { Exchange } from "./exchange.js";

const ANONYMOUS = [
  {
    claims: [],
    authenticationType: null,
    nameClaimType: nullable("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"),
    roleClaimType: nullable("http://schemas.microsoft.com/ws/2008/06/identity/claims/role"),
  },
];

/** A request as the host hands it to the function library. */
export function toRpcRequest(
  exchange: Exchange,
  params: Readonly<Record<string, string>>,
  body: Buffer,
): TypedData {
  const http: HttpData = {
    identities: ANONYMOUS,
    cookies: [],
    headers: {},
    params: {},
    query: {},
    nullableHeaders: mapValues(headersOf(exchange)),
    nullableParams: mapValues(params),
    nullableQuery: mapValues(queryOf(exchange)),
    method: exchange.method,
    url: exchange.url,
    body: body.length === 0 ? null : { bytes: body, data: "bytes" },
    statusCode: "",
    enableContentNegotiation: false,
    rawBody: null,
  };
  return { http, data: "http" };
}

function headersOf(exchange: Exchange): Record<string, string> {
  return Object.fromEntries(
    Object.keys(exchange.request.headers).map((name) => [name, exchange.header(name) ?? ""]),
  );
}

/** Values of a name that comes more than once are joined by a comma. */
function queryOf(exchange: Exchange): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of exchange.query) {
    values[name] = name in values ? `${values[name] ?? ""},${value}` : value;
  }
  return values;
}

function mapValues(
  values: Readonly<Record<string, string>>,
): Record<string, NullableValue<string>> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, nullable(value)]));
}

function nullable(value: string): NullableValue<string> & { readonly string: "value" } {
  return { value, string: "value" };
}
