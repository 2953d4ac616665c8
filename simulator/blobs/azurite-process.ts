/*
 * Azurite in a process of its own. It ends with its parent, however that one ends: the channel to the parent is
 * closed by the system even after a kill -9.
 */
process.on("disconnect", () => {
  process.exit(0);
});

// Azurite's entry point reads the arguments of this process and starts listening.
require("azurite/dist/src/blob/main.js");
