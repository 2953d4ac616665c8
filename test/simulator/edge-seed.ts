import { smallSeed } from "../../simulator/seeds/small.js";
import { accountId, inRecovery, roles as storageRoles } from "./storage-seed.js";

const [PRODUCTION = "", RECOVERY = ""] = smallSeed.resourceGroups.map(({ id }) => id);
const PRINCIPAL = smallSeed.identities[0]?.principalId ?? "";
const EDGE_PRINCIPAL = "00000000-0000-0000-0000-0000000000b9";

export const EDGE_GROUP = "mcp-dr";
const EDGE_IDENTITY = `${RECOVERY}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mcp-edge`;
export const PROFILE_ID = `${RECOVERY}/providers/Microsoft.Cdn/profiles/mcp-assets`;
export const CLASSIC_ID = `${RECOVERY}/providers/Microsoft.Cdn/profiles/mcp-cdn`;
export const EDGE = "https://mcp-assets.azurefd.net";
export const CLASSIC = "https://mcp-branding.azureedge.net";
export const PRIMARY = "mcpstorage.blob.core.windows.net";
export const SECONDARY = "mcpstoragedr.blob.core.windows.net";

const roles = {
  cdnProfileContributor: "ec156ff8-a8d1-4d15-830c-5b80698ca432",
  cdnProfileReader: "8f96442b-4075-438f-813d-ad51ab4019af",
  blobDataReader: "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
};

const blobs = (text: string) =>
  ["logo.svg", "theme.css"].flatMap((name) =>
    ["branding", "public"].map((container) => ({ container, name, text: `${name} of ${text}` })),
  );
const origin = (name: string, id: string, priority = 1) => ({ name, storageAccount: id, priority });

interface Change {
  /** Origins of Front Door's group. */
  readonly origins?: readonly object[];
  readonly group?: object;
  readonly endpoint?: object;
  readonly mayChange?: boolean;
  /** Of the primary account. */
  readonly sku?: string;
}

/** Branding in an account of each region, in a container of the edge's identity and in one that is open to anybody. */
export const edgeSeed = ({
  origins,
  group,
  endpoint,
  mayChange = true,
  sku = "Standard_LRS",
}: Change = {}) => {
  const primary = accountId("mcpstorage");
  const secondary = inRecovery("mcpstoragedr");
  return {
    ...smallSeed,
    identities: [
      ...smallSeed.identities,
      {
        clientId: "00000000-0000-0000-0000-0000000000c9",
        principalId: EDGE_PRINCIPAL,
        resourceId: EDGE_IDENTITY,
      },
    ],
    roleAssignments: [
      ...[PRODUCTION, RECOVERY].flatMap((scope) => [
        { scope, roleDefinitionId: storageRoles.storageAccountContributor, principalId: PRINCIPAL },
        { scope, roleDefinitionId: storageRoles.blobDataContributor, principalId: PRINCIPAL },
        { scope, roleDefinitionId: roles.blobDataReader, principalId: EDGE_PRINCIPAL },
      ]),
      {
        scope: RECOVERY,
        roleDefinitionId: mayChange ? roles.cdnProfileContributor : roles.cdnProfileReader,
        principalId: PRINCIPAL,
      },
    ],
    storageAccounts: [
      { id: primary, location: "eastus", sku, text: "east" },
      { id: secondary, location: "westus", sku: "Standard_LRS", text: "west" },
    ].map(({ text, ...account }) => ({
      ...account,
      allowBlobPublicAccess: true,
      containers: [{ name: "branding" }, { name: "public", publicAccess: "Blob" }],
      blobs: blobs(text),
    })),
    frontDoors: [
      {
        id: PROFILE_ID,
        originGroups: [
          {
            name: "branding",
            identity: EDGE_IDENTITY,
            origins: origins ?? [origin("storage", primary)],
            ...group,
          },
        ],
        endpoints: [
          {
            name: "mcp-assets",
            hostName: "mcp-assets.azurefd.net",
            customDomains: ["assets.example.com"],
            originGroup: "branding",
            ...endpoint,
          },
        ],
      },
    ],
    cdnProfiles: [
      {
        id: CLASSIC_ID,
        endpoints: [{ name: "mcp-branding", origins: [origin("storage", primary)] }],
      },
    ],
  };
};

/** Origins on both accounts: the primary first. */
export const bothOrigins = [
  origin("east", accountId("mcpstorage"), 1),
  origin("west", inRecovery("mcpstoragedr"), 2),
];
