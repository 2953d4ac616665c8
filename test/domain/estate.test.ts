import { Estate, placeOf } from "../../src/domain/estate.js";
import { findingsOf } from "../../src/domain/findings.js";
import { parseEstate, loadEstate } from "../../src/config/load-estate.js";
import { sampleEstate, sampleJson, type SampleEstate } from "../support/estates.js";

function findings(bend: (estate: SampleEstate) => void): readonly string[] {
  const estate = sampleJson();
  bend(estate);
  const parsed = Estate.safeParse(estate);
  return parsed.success
    ? []
    : findingsOf(parsed.error).map(({ path, message }) => `${path}: ${message}`);
}

describe("estate", () => {
  it("accepts the sample, and itself once parsed", () => {
    const estate = sampleEstate();

    expect(Object.keys(estate.environments)).toEqual(["development", "staging", "production"]);
    expect(Estate.parse(JSON.parse(JSON.stringify(estate)))).toEqual(estate);
  });

  it.each<[string, (estate: SampleEstate) => void, string]>([
    [
      "a missing objective",
      (e) => {
        delete e.environments.staging["objectives"]!["rto"];
      },
      "environments.staging.objectives.rto: write an ISO 8601 duration",
    ],
    [
      "a member nobody knows",
      (e) => {
        e.environments.production["containerApp"]!["replicas"] = 3;
      },
      "environments.production.containerApp.replicas: is not known here; remove it or check its spelling",
    ],
    [
      "a name in place of an id",
      (e) => {
        e.environments.production["redis"]!["primary"] = "mcp-redis";
      },
      "environments.production.redis.primary",
    ],
    [
      "a service in the region it must outlive",
      (e) => {
        Object.assign(e.environments.production, { serviceRegion: "eastus" });
      },
      "serviceRegion: is eastus, the region it must outlive",
    ],
    [
      "one endpoint for both sides",
      (e) => {
        e.environments.production["trafficManager"]!["secondaryEndpoint"] = "eastus";
      },
      "environments.production.trafficManager.secondaryEndpoint: is the primary endpoint",
    ],
    [
      "a registry that is to stand in for itself",
      (e) => {
        const images = e.environments.production["images"]!;
        images["recoveryRegistry"] = images["registry"];
      },
      "environments.production.images.recoveryRegistry: is the registry itself",
    ],
    [
      "images that are kept for longer than Azure can",
      (e) => {
        e.environments.production["images"]!["retention"] = "P400D";
      },
      "environments.production.images.retention: write 1 to 365 days",
    ],
    [
      "telemetry that flows out of no workspace",
      (e) => {
        delete e.environments.production["applicationInsights"]!["workspace"];
      },
      "environments.production.applicationInsights.export: needs the workspace's resource id",
    ],
    [
      "two components of one name",
      (e) => {
        const insights = e.environments.staging["applicationInsights"]!;
        insights["component"] = String(insights["component"]).replace(/-stg$/, "-prod");
      },
      "have one name, below which the backups of both would lie",
    ],
    [
      "an address in place of a public name",
      (e) => {
        e.environments.production["trafficManager"]!["publicName"] = "https://mcp.example.com";
      },
      "environments.production.trafficManager.publicName: write the domain name",
    ],
    [
      "a scratch vault that is one of the estate",
      (e) => {
        const { staging } = e.environments;
        staging["proof"]!["scratchVault"] = staging["keyVault"]!["secondary"];
      },
      "environments.staging.proof.scratchVault: /subscriptions/",
    ],
    [
      "a scratch cache in use, for what a proof does there",
      (e) => {
        const { production } = e.environments;
        production["proof"]!["scratchCache"] = production["redis"]!["primary"];
      },
      "belongs to production already, and a proof removes all that it finds",
    ],
    [
      "a scratch cache that a recovery made",
      (e) => {
        const { production } = e.environments;
        const made = String(production["redis"]!["secondary"]).replace(
          /[^/]+$/,
          "mcp-redis-prod-dr-0a1b2c",
        );
        production["proof"]!["scratchCache"] = made;
      },
      "belongs to production already",
    ],
    [
      "a scratch vault where backups do not open",
      (e) => {
        const { staging, production } = e.environments;
        staging["proof"]!["scratchVault"] = String(production["proof"]!["scratchVault"]) + "-2";
      },
      "environments.staging.proof: /subscriptions/0f9f3a52-6c1e-4f0b-9d0a-0c8a2a1a7c03",
    ],
    [
      "one scratch vault for two environments",
      (e) => {
        const { staging, production } = e.environments;
        staging["proof"]!["scratchVault"] = production["proof"]!["scratchVault"];
      },
      "belongs to staging already",
    ],
    [
      "a night's hour that no day has",
      (e) => {
        e.environments.production["proof"]!["hour"] = 24;
      },
      "environments.production.proof.hour: write an hour of the day from 0 to 23",
    ],
    [
      "a display name as region",
      (e) => {
        Object.assign(e.environments.production, { recoveryRegion: "West US" });
      },
      "recoveryRegion: write the region as ARM does",
    ],
    [
      "a region nobody knows",
      (e) => {
        Object.assign(e.environments.production, { recoveryRegion: "westmoon" });
      },
      "is not a region this service knows",
    ],
    [
      "a region in another geography",
      (e) => {
        Object.assign(e.environments.production, { recoveryRegion: "westeurope" });
      },
      "backups restore only in the geography of eastus",
    ],
    [
      "a secondary that is the primary",
      (e) => {
        Object.assign(e.environments.production, { secondaryRegion: "eastus" });
      },
      "is the primary region",
    ],
    [
      "a secondary without a region",
      (e) => {
        Object.assign(e.environments.development, { redis: e.environments.staging["redis"] });
      },
      "has a secondary, but the environment has no secondaryRegion",
    ],
    [
      "an RPO beyond a day",
      (e) => {
        e.environments.production["objectives"]!["rpo"] = "P2D";
      },
      "rpo is longer than 24 hours",
    ],
    [
      "no environment at all",
      (e) => {
        Object.assign(e, { environments: {} });
      },
      "name at least one of development, staging, production",
    ],
    [
      "another version",
      (e) => {
        e["version"] = 2;
      },
      "version: write 1",
    ],
    [
      "a missing name",
      (e) => {
        delete e["name"];
      },
      "name: is missing; write a string",
    ],
    [
      "a number for a name",
      (e) => {
        Object.assign(e, { name: 5 });
      },
      "name: must be a string",
    ],
    [
      "a tier that Redis does not have",
      (e) => {
        Object.assign(e.environments.production["redis"]!, { tier: "Gold" });
      },
      "environments.production.redis.tier: must be one of Basic, Standard, Premium, Managed",
    ],
    [
      "one app in two environments",
      (e) => {
        e.environments.staging["containerApp"] = e.environments.production["containerApp"]!;
      },
      "every resource has one place",
    ],
    [
      "two caches of one name, of which the sets would lie in one place",
      (e) => {
        const { redis } = e.environments.production;
        const primary = String(redis?.["primary"]);
        const elsewhere = primary.replace("mcp-server-prod", "other-group").toUpperCase();
        const id = elsewhere
          .replace("/SUBSCRIPTIONS/", "/subscriptions/")
          .replace("/RESOURCEGROUPS/", "/resourceGroups/")
          .replace("/PROVIDERS/", "/providers/");
        Object.assign(redis!, { secondary: id });
      },
      "have one name, below which the backups of both would lie; make one anew by another name",
    ],
    [
      "vaults of two environments with one name",
      (e) => {
        const { staging, production } = e.environments;
        const name = String(production["keyVault"]?.["primary"]).split("/").at(-1) ?? "";
        const primary = String(staging["keyVault"]?.["primary"]).replace(/[^/]+$/, name);
        Object.assign(staging["keyVault"]!, { primary });
      },
      "have one name, below which the backups of both would lie",
    ],
    ...(
      [
        [
          "a channel in the clear",
          { url: "http://hooks.example.com/x" },
          "must begin with https://; plain http is for 127.0.0.1 and localhost alone",
        ],
        [
          "a channel whose address is a secret",
          { url: "https://hooks.example.com/x?code=abc" },
          "channels.0.url: carries what looks like a credential",
        ],
        [
          "a channel with a user in its address",
          { url: "https://me@hooks.example.com/x" },
          "channels.0.url: carries what looks like a credential",
        ],
        [
          "a channel without an address",
          { url: "hooks" },
          "channels.0.url: write the receiver's full address",
        ],
        ["a channel of another kind", { kind: "sms" }, "channels.0.kind: write webhook"],
        ["a channel with a long name", { name: "On call!" }, "channels.0.name: write a short name"],
        [
          "channels that leave somebody out",
          { levels: ["primary", "secondary"] },
          "channels: has no channel for the escalation contact",
        ],
      ] as const
    ).map(
      ([what, member, expected]) =>
        [
          what,
          (e: SampleEstate) => {
            const { channels } = e.environments.production["notifications"] as {
              channels: object[];
            };
            Object.assign(channels[0]!, member);
          },
          expected,
        ] as [string, (estate: SampleEstate) => void, string],
    ),
    [
      "two channels of one name",
      (e) => {
        const notifications = e.environments.production["notifications"] as { channels: object[] };
        notifications.channels.push(notifications.channels[0]!);
      },
      "channels: has two channels named on-call",
    ],
    [
      "an edge without a group of origins and without an endpoint",
      (e) => {
        delete e.environments.production["frontDoor"]!["originGroup"];
      },
      "environments.production.frontDoor: names nothing below the profile; add originGroup (Front Door Standard or Premium) or endpoint (classic CDN)",
    ],
    [
      "an edge of both kinds",
      (e) => {
        e.environments.production["frontDoor"]!["endpoint"] = "mcp-branding";
      },
      "environments.production.frontDoor: names originGroup and endpoint; keep originGroup for Front Door",
    ],
    [
      "an origin that belongs to no endpoint",
      (e) => {
        e.environments.production["frontDoor"]!["origin"] = "storage";
      },
      "environments.production.frontDoor.origin: belongs to an endpoint of the classic CDN; name the endpoint",
    ],
    [
      "an asset that is no path of a blob",
      (e) => {
        e.environments.production["frontDoor"]!["asset"] = "tenants.json";
      },
      "environments.production.frontDoor.asset: write container and blob as a path such as /branding/tenants.json",
    ],
    [
      "notifications without a channel",
      (e) => {
        e.environments.production["notifications"] = { channels: [] };
      },
      "name at least one channel, or leave notifications out",
    ],
  ])("refuses %s and says what to write", (_what, bend, expected) => {
    expect(findings(bend).join("\n")).toContain(expected);
  });

  it("takes an endpoint of the classic CDN, with its origin and what proves it", () => {
    const classic = (more: object) =>
      findings((e) => {
        const { profile } = e.environments.production["frontDoor"]!;
        e.environments.production["frontDoor"] = { profile, endpoint: "mcp-branding", ...more };
      });

    expect(classic({})).toEqual([]);
    expect(classic({ origin: "storage", asset: "/branding/tenants.json" })).toEqual([]);
  });

  it("takes a receiver on this machine without TLS", () => {
    const local = (url: string) =>
      findings((e) => {
        const { channels } = e.environments.production["notifications"] as { channels: object[] };
        Object.assign(channels[0]!, { url });
      });

    expect(local("http://127.0.0.1:8080/x")).toEqual([]);
    expect(local("http://localhost:8080/x")).toEqual([]);
  });

  it("finds what an ARM id means, in any case", () => {
    const estate = sampleEstate();
    const production = estate.environments.production!;

    expect(placeOf(estate, production.redis.secondary!.toUpperCase())).toEqual({
      environment: "production",
      kind: "redis",
      side: "secondary",
      id: production.redis.secondary,
    });
    expect(placeOf(estate, production.applicationInsights.component)).toMatchObject({
      kind: "container-app",
      id: production.containerApp.primary,
    });
    expect(placeOf(estate, production.trafficManager!.profile)?.kind).toBe("traffic-manager");
    expect(placeOf(estate, "/subscriptions/none")).toBeUndefined();
  });
});

describe("load estate", () => {
  it("names the file that cannot be read or is not JSON", () => {
    expect(loadEstate("no/such/file.json")).toMatchObject({
      ok: false,
      findings: [expect.stringContaining("no/such/file.json: cannot be read; set ESTATE_FILE")],
    });
    expect(parseEstate("{", "estate.json")).toMatchObject({
      ok: false,
      findings: [expect.stringContaining("estate.json: is not JSON")],
    });
    expect(parseEstate("{}", "estate.json").ok).toBe(false);
  });
});
