/** How a person orders something over HTTP, as next steps say it: whole, but for the reason that only he knows. */
export const orderText = (
  path: "recoveries" | "failbacks" | "restores",
  order: Readonly<Record<string, string>>,
): string => `POST /api/${path} ${JSON.stringify({ ...order, reason: "…" })}`;
