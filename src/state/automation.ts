import type { BlobContainer } from "../azure/blob-container.js";
import { AutomationSwitch } from "../domain/automation.js";
import type { EnvironmentName } from "../domain/environment-name.js";
import { ClassifiedError } from "../domain/failure.js";
import { jsonDocuments } from "./json-document.js";

/** The switch of each environment: whether alerts may set off recoveries. */
export interface Automation {
  read(environment: EnvironmentName): Promise<AutomationSwitch | undefined>;
  set(wanted: AutomationSwitch): Promise<void>;
}

const nameOf = (environment: EnvironmentName): string => `automation/${environment}.json`;

export function automation(blobs: BlobContainer): Automation {
  const documents = jsonDocuments(blobs, AutomationSwitch);
  return {
    read: async (environment) => (await documents.read(nameOf(environment)))?.value,
    async set(wanted) {
      const name = nameOf(wanted.environment);
      const standing = await documents.read(name);
      const written =
        standing === undefined
          ? await documents.create(name, wanted)
          : await documents.replace(name, wanted, standing);
      if (written !== undefined) return;
      throw new ClassifiedError({
        class: "busy",
        code: "automation-race",
        message: `somebody else set the automation of ${wanted.environment} at the same moment; look, and set it again`,
      });
    },
  };
}
