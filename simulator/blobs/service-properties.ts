import type { StorageAccount } from "../storage-accounts/state.js";

/** The settings that ARM keeps, as the blob service itself shows them. */
export function servicePropertiesXml({ blobService }: StorageAccount): string {
  const { deleteRetentionPolicy, defaultServiceVersion } = blobService;
  const disabled = "<RetentionPolicy><Enabled>false</Enabled></RetentionPolicy>";
  const metrics = `<Version>1.0</Version><Enabled>false</Enabled>${disabled}`;
  const days =
    deleteRetentionPolicy?.enabled === true
      ? `<Days>${deleteRetentionPolicy.days ?? 7}</Days>`
      : "";
  return [
    '<?xml version="1.0" encoding="utf-8"?><StorageServiceProperties>',
    `<Logging><Version>1.0</Version><Read>false</Read><Write>false</Write><Delete>false</Delete>${disabled}</Logging>`,
    `<HourMetrics>${metrics}</HourMetrics><MinuteMetrics>${metrics}</MinuteMetrics><Cors/>`,
    defaultServiceVersion === undefined
      ? ""
      : `<DefaultServiceVersion>${defaultServiceVersion}</DefaultServiceVersion>`,
    `<DeleteRetentionPolicy><Enabled>${deleteRetentionPolicy?.enabled === true}</Enabled>${days}</DeleteRetentionPolicy>`,
    "<StaticWebsite><Enabled>false</Enabled></StaticWebsite></StorageServiceProperties>",
  ].join("");
}
