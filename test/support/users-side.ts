import { observeTraffic } from "../../src/activities/traffic.contract.js";
import { milliseconds } from "../../src/domain/duration.js";
import { stub } from "./replay-driver.js";

/** Traffic Manager as it stands while users are led to one of the two sides. */
export const usersAt = (side: "primary" | "secondary") => {
  const endpoint = (name: "primary" | "secondary") => ({
    name,
    enabled: name === side,
    online: name === side,
    monitorStatus: name === side ? "Online" : "Disabled",
  });
  return stub(observeTraffic, () => ({
    fqdn: "mcp.trafficmanager.net",
    ttl: milliseconds(30_000),
    enabled: 1,
    primary: endpoint("primary"),
    secondary: endpoint("secondary"),
    detail: `users are led to the ${side} side`,
  }));
};
