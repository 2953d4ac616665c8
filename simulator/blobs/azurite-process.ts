import "./azurite-defaults.js";
import "azurite/dist/src/blob/main.js";

/*
 * Azurite in a process of its own: its entry point, above, reads the arguments of this process. It ends with its
 * parent, however that one ends, because the system closes the channel between them even after a kill -9.
 */
const SAVED_WITHIN_MS = 3000;

process.on("disconnect", () => {
  if (process.argv.includes("--inMemoryPersistence")) process.exit(0);
  process.kill(process.pid, "SIGTERM"); // Azurite's own handler saves what is not on disk yet.
  setTimeout(() => process.exit(0), SAVED_WITHIN_MS).unref();
});
