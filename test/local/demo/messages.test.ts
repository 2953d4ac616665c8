import { messageText } from "../../../local/demo/messages.js";
import { startedNotice } from "../../support/notices.js";

describe("a message in the demo", () => {
  it("shows who got it, over what, and every line as it was sent", () => {
    const notice = startedNotice();
    const received = { id: notice.id, path: "/production/on-call", headers: {}, body: "", notice };

    const text = messageText({ ...received, genuine: true });

    for (const line of [notice.subject, ...notice.lines]) expect(text).toContain(line);
    expect(text).toContain("13:58:30 to On-call engineer (primary), over on-call\n");
    expect(messageText({ ...received, genuine: false })).toContain("does not fit");
  });
});
