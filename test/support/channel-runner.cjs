"use strict";
// Tells people over the channels of the compiled app: one JSON line { id, channel, notice, secrets, timeLimit } in,
// one JSON line { id, answer } or { id, failure } out.
const { createInterface } = require("node:readline");
const path = require("node:path");

const azure = (file) => require(path.join(__dirname, "../../dist/src/azure", file));
const { classifyError } = azure("classify-error.js");
const identity = {
  getToken: async () => ({
    token: "token-of-the-identity",
    expiresOnTimestamp: Date.now() + 3_600_000,
  }),
};

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
createInterface({ input: process.stdin }).on("line", async (line) => {
  const { id, channel, notice, secrets, timeLimit } = JSON.parse(line);
  const channels = azure("notice-channels.js").noticeChannels({
    post: azure("json-post.js").jsonPost(timeLimit),
    smtp: azure("smtp-mail.js").smtpMail(timeLimit),
    email: azure("communication-email.js").communicationEmail(async () => identity, timeLimit),
    secret: (setting) => secrets[setting],
  });
  try {
    say({ id, answer: await channels.send(channel, notice) });
  } catch (error) {
    say({ id, failure: classifyError(error) ?? { class: "defect", message: String(error) } });
  }
});
say({ ready: true });
