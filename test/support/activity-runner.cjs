"use strict";
// Runs activities of the compiled app as the host would, on the clock of the simulator: one JSON
// line { id, name, input } in, one JSON line { id, answer } or { id, error } out.
const { createInterface } = require("node:readline");
const path = require("node:path");

const app = (file) => require(path.join(__dirname, "../../dist/src", file));
const settings = app("config/settings.js").readSettings(process.env);
const all = app("every-activity.js").activitiesOf(app("ports.js").portsOf(settings));
const activities = new Map(all.map((activity) => [activity.name, activity]));

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
createInterface({ input: process.stdin }).on("line", async (line) => {
  const { id, name, input } = JSON.parse(line);
  try {
    const answer = await activities.get(name).handler(input, { log: () => undefined });
    say({ id, answer });
  } catch (error) {
    say({ id, error: String(error) });
  }
});
say({ ready: true });
