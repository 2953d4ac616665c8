"use strict";
// npm run test:all -- every case of the long matrices, of which npm test takes a fixed spread.
process.env["TEST_ALL"] = "1";
require("../node_modules/jest/bin/jest.js");
